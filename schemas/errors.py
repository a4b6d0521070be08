"""What can go wrong, each as one line that names the cure; the class decides the exit code."""


class LcdataError(Exception):
    """The work failed; the message says what, and what to do."""

    exit_code = 1


class UsageError(LcdataError):
    """What was asked for cannot be meant as it stands."""

    exit_code = 2


class ChangedError(UsageError):
    """A file changed while it was read: nothing that was made of it can be trusted."""


class QualityError(LcdataError):
    """A finished dataset does not hold what it promises."""

    exit_code = 3


class ResumableError(LcdataError):
    """The build stopped, what was finished is safe, and the same command goes on."""

    exit_code = 4


class HubError(LcdataError):
    """The Hub or the credentials for it failed."""

    exit_code = 5
