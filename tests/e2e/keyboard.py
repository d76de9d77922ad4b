"""A page without a mouse: where Tab stops, whether one sees where one is, and that it goes on."""

from __future__ import annotations

from typing import Any

FEWEST = 15
"""Stops that every page has at least: the navigation alone has 13."""
MOST = 400


def to(page: Any, target: Any) -> None:
    """Press Tab until the focus is on the locator `target`."""
    target.first.wait_for()
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if focused(target):
            return
    raise AssertionError(f"Tab does not reach {target} within {MOST} presses")


def focused(target: Any) -> bool:
    """Whether the element, or one of those that `target` finds, has the focus."""
    mine = "all => all.some(one => one.getRootNode().activeElement === one)"
    return bool(target.evaluate_all(mine))


def around(page: Any) -> list[str]:
    """Walk by Tab from the top of the page until the focus leaves it: what is wrong there."""
    page.evaluate(_BEGIN)
    wrong: list[str] = []
    for number in range(MOST):
        page.keyboard.press("Tab")
        stop = page.evaluate("() => window.stop_here()")
        if stop["unseen"]:
            wrong.append(f"the focus cannot be seen on {stop['unseen']}")
        if stop["over"]:
            return wrong + ([] if number >= FEWEST else [f"Tab stops {number} times only"])
        if stop["held"]:
            return [*wrong, f"the keyboard does not get on from {stop['at']}"]
    return [*wrong, f"Tab does not leave the page within {MOST} presses"]


_BEGIN = """() => {
  const still = document.createElement('style');
  still.textContent = '*, *::before, *::after { transition: none !important }';
  document.head.append(still);
  const LOOKS = ['boxShadow', 'borderColor', 'backgroundColor', 'color', 'textDecorationLine'];
  const look = one => {
    const style = getComputedStyle(one);
    const outline = style.outlineStyle === 'none' ? '' : style.outline;
    return [outline, ...LOOKS.map(name => style[name])].join(' ');
  };
  // An element, what stands beside it, and what it stands in: a ring may be drawn on any of these.
  const near = one => {
    const found = [one, ...(one.parentElement?.children ?? [])];
    for (let at = one.parentElement; at && found.length < 40; at = at.parentElement) found.push(at);
    return [...new Set(found)].map(each => [each, look(each)]);
  };
  const active = () => {
    let at = document.activeElement;
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
    return at;
  };
  const visited = new Set();
  let first = null, last = null, looks = [];
  window.stop_here = () => {
    const at = active(), none = !at || at === document.body;
    const same = ([each, before]) => !each.isConnected || (each !== last && each.contains(at))
      || look(each) === before;
    const unseen = last?.isConnected && last !== at && looks.every(same) ? told(last) : '';
    const over = none || at === first, held = visited.has(at);
    first ??= at;
    visited.add(at);
    [last, looks] = none ? [null, []] : [at, near(at)];
    return {over, held, unseen, at: none ? 'the page' : told(at)};
  };
  function told(one) {
    return one.outerHTML.slice(0, 160);
  }
}"""
