"""What can be wrong: in words, with what to do, and how patient the monitor is with it."""

from dataclasses import dataclass

from vedette.server.nodes.models import Severity

LOW, MODERATE, HIGH = Severity.LOW, Severity.MODERATE, Severity.HIGH


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of incident.

    Attributes:
        title: what is wrong, in general.
        advice: what to do.
        after_s: it must be so for this long before it is an incident.
        well_s: it must be well for this long before it is over.
    """

    title: str
    advice: str
    severity: str = MODERATE
    after_s: float = 0.0
    well_s: float = 5.0


CAMERA_S = 15.0
COMMAND_S = 15.0
"""Every command has this deadline (promise P5); the hub counts it."""

KINDS = {
    "camera": Kind(
        "A camera gives no picture",
        "Check its power and network, its address and password. Its page says what it answers.",
        HIGH,
        after_s=CAMERA_S,
    ),
    "camera_silent": Kind(
        "A camera is run by no worker",
        "Look whether its worker works. Saving the camera again gives it to a worker.",
        HIGH,
        after_s=CAMERA_S,
    ),
    "node_silent": Kind(
        "A worker does not report",
        "It is started again by itself when it has ended. When it hangs, restart Vedette and keep its log.",
        HIGH,
        after_s=10.0,
        well_s=3.0,
    ),
    "crash": Kind(
        "A process ended and was started again",
        "At most a second of recording is missing. When it happens again, its log says what it did last.",
        well_s=30.0,
    ),
    "unconfirmed": Kind(
        "A change was not taken over",
        "Save the change again. When that does not help, restart Vedette and keep the log of the worker.",
        HIGH,
    ),
    "mismatch": Kind(
        "A camera does something else than it should",
        "Switch the camera off and on. When that does not help, restart Vedette and keep the log.",
        HIGH,
        after_s=COMMAND_S,
    ),
    "detector": Kind(
        "The detector is not the one that was asked for",
        "Bring the model with “vedette models pull”, or choose another in the camera's profile.",
    ),
    "disk": Kind(
        "The recordings disk has a problem",
        "Free space, lower the limits of retention, or replace the disk. Recording goes on by itself then.",
        HIGH,
        well_s=10.0,
    ),
    "outbox": Kind(
        "Messages of a worker wait to be stored",
        "The database is slow or away. Nothing is lost while they wait; look at its disk.",
        after_s=30.0,
        well_s=10.0,
    ),
    "drops": Kind(
        "A queue keeps dropping",
        "The machine has too much to do: lower rates in the profiles, use sub streams, or add workers.",
        after_s=30.0,
        well_s=60.0,
    ),
    "load": Kind(
        "The detector cannot keep up",
        "Recording goes on as it should; short visits may be missed. Use sub streams, lower rates, a smaller "
        "model, a graphics card, or another worker.",
        LOW,
        after_s=300.0,
        well_s=60.0,
    ),
    "database": Kind(
        "The database does not answer",
        "Look at its disk and its log. Workers keep recording and keep their messages until it answers.",
        HIGH,
        after_s=5.0,
        well_s=10.0,
    ),
    "job": Kind("A job fails", "The system page tells its last result and runs it again on demand."),
    "delivery": Kind(
        "Alerts cannot be delivered",
        "Test the channel on the page Alerts. What waits is sent once it works again.",
        HIGH,
        after_s=30.0,
        well_s=10.0,
    ),
}
"""By name; the names are stored and never change."""

OTHER = Kind("Something is wrong", "The message says what.")


def kind_of(name: str) -> Kind:
    """The kind of this name."""
    return KINDS.get(name, OTHER)
