"""Why a record that could be read is not: its owner says so, or the reading would be a guess."""


class RecordRejected(Exception):
    """The record is to be quarantined; `reason` is one of `lake.tables.reasons.UNREADABLE`, `detail` a sentence.

    doubtful: whether there are two readings, between which the user could decide for the whole file.
    """

    def __init__(self, reason: str, detail: str, doubtful: bool = False) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.doubtful = doubtful
