"""How many mails came, to whom and how often: known of all, whatever is kept of their words."""

from collections import Counter

from deploy.sandbox.store import Obj

WORDS_KEPT = 5_000
"""Of how many mails the newest keep their words and files. A mail is 10 kB and more."""

GONE = "[Not kept: the inbox has the words of the newest mails only.]"
WORDY = ("html", "text", "attachments")


class Counted:
    """The mails of one kind."""

    def __init__(self) -> None:
        self.mails = 0
        self.letters: Counter[str] = Counter()
        self.recipients: Counter[str] = Counter()

    def add(self, mail: Obj) -> None:
        """Count a mail; its letter is what its sender calls one, else itself."""
        self.mails += 1
        self.letters[mail["headers"].get("X-Entity-Ref-ID", mail["id"])] += 1
        self.recipients.update(each.casefold() for each in mail["to"])

    def shown(self) -> Obj:
        """Return figures that stay small however many there are."""
        return {
            "mails": self.mails,
            "letters": len(self.letters),
            "recipients": len(self.recipients),
            "most_of_one_letter": max(self.letters.values(), default=0),
            "most_to_one_recipient": max(self.recipients.values(), default=0),
        }


class Tally:
    """Every mail that was taken, by the tag `kind` that its sender gave it."""

    def __init__(self) -> None:
        self._kinds: dict[str, Counted] = {}
        self.refused_as_too_fast = 0

    def add(self, mail: Obj) -> None:
        """Count a mail that was taken for good."""
        kind = next((tag["value"] for tag in mail["tags"] if tag["name"] == "kind"), "")
        self._kinds.setdefault(kind, Counted()).add(mail)

    def shown(self) -> Obj:
        """Return what came, by kind."""
        return {
            "refused_as_too_fast": self.refused_as_too_fast,
            "kinds": {kind: each.shown() for kind, each in sorted(self._kinds.items())},
        }


def without_words(mail: Obj) -> Obj:
    """Return a mail of which everything is kept but what it said."""
    return {**mail, "html": "", "text": GONE, "attachments": []}
