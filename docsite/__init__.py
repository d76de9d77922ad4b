"""The documentation as a site: what MkDocs cannot know by itself, and the check of its links."""
