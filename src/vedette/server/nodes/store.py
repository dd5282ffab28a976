"""Writing node reports down."""

import msgspec

from vedette.domain.messages import NodeReport
from vedette.server.nodes.models import NodeStatus
from vedette.server.times import from_utc_s


def write_status(report: NodeReport) -> None:
    """Keep the report as the node's last."""
    NodeStatus.objects.update_or_create(
        node=report.node[:64],
        defaults={
            "seen": from_utc_s(report.utc_s),
            "pid": report.pid,
            "revision": report.revision,
            "detector": report.detector[:255],
            "detector_message": report.detector_message[:2000],
            "cameras": msgspec.to_builtins(report.cameras),
        },
    )
