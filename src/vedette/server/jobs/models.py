"""When periodic work was done last, how that went, and when it is due next."""

from django.db import models


class Job(models.Model):
    """One registered job.

    Attributes:
        result: what it said, or why it failed.
        ok: None before the first run.
        next_run: due then; in the past when it was due while nothing ran.
    """

    name = models.CharField(primary_key=True, max_length=64)
    last_run = models.DateTimeField(null=True, default=None)
    duration_s = models.FloatField(default=0.0)
    result = models.TextField(blank=True, default="")
    ok = models.BooleanField(null=True, default=None)
    next_run = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
