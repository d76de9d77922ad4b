"""Many viewers of one server: how fast pages answer, and whether its memory stays bounded.

`python -m tests.load --viewers 24` starts the dashboard with a finished audit and one at work, and
lets viewers change pages for three minutes. A viewer is a WebSocket client that speaks Streamlit's
protocol: each has a session of its own, for which the server runs the pages as it does for a
browser, and asks again for what refreshes itself. No browser draws what comes, so that two cores
are left to the server: what is timed is the server's answer, not the picture.
"""
