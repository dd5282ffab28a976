"""What lives as long as the server: the feed, the couriers, the guard of the schedules."""

from collections import Counter

from vedette.server.alerts.delivery import Dispatcher, take_up_again
from vedette.server.alerts.feed import Feed
from vedette.server.alerts.guard import ArmingGuard


class Alerts:
    """Starts and stops them in order."""

    def __init__(self, counters: Counter[str]) -> None:
        self.dispatcher = Dispatcher(counters)
        self.guard = ArmingGuard()
        self.feed = Feed(self.dispatcher.wake, self.dispatcher.reconcile, counters)

    def start(self) -> None:
        """Take up what was left, then follow what happens."""
        take_up_again()
        self.guard.start()
        self.feed.start()

    def changed(self) -> None:
        """Channels or schedules were changed: have a look at once."""
        self.guard.wake()
        self.dispatcher.reconcile()

    def close(self) -> None:
        """Stop; what is being sent gets a moment to end."""
        self.feed.close()
        self.guard.close()
        self.dispatcher.close()
