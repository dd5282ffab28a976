"""What workers reported last, for the time after a restart."""

from django.db import models


class NodeStatus(models.Model):
    """The last report of a node that was written down (at most every few seconds)."""

    node = models.CharField(primary_key=True, max_length=64)
    seen = models.DateTimeField()
    pid = models.PositiveIntegerField(default=0)
    revision = models.PositiveBigIntegerField(default=0)
    detector = models.CharField(max_length=255, blank=True, default="")
    detector_message = models.TextField(blank=True, default="")
    cameras = models.JSONField(default=list)

    class Meta:
        ordering = ("node",)
        verbose_name_plural = "node statuses"

    def __str__(self) -> str:
        return self.node
