"""How a step says that it cannot do what it was asked."""


class Refused(Exception):
    """Ends the run; its text is one line."""

    def __init__(self, text):
        super().__init__(" ".join(text.split()))


def message(level, text, project):
    """What is told of a project. An error is one for this project only."""
    return {"level": level, "text": " ".join(text.split()), "project": project}
