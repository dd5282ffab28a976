"""Is all well? The reasons when not, each as a sentence for people."""

from dataclasses import dataclass

from vedette.domain.messages import CameraState
from vedette.server.nodes.kinds import kind_of
from vedette.server.nodes.look import look
from vedette.server.nodes.models import Incident
from vedette.server.nodes.rules import findings
from vedette.server.nodes.situation import Finding, Situation
from vedette.server.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the whole is not well."""

    code: str
    message: str
    camera: str = ""
    node: str = ""
    advice: str = ""


def problems(runtime: Runtime) -> list[Problem]:
    """Everything that somebody should look at: what is not as it should be now, and what is open still."""
    now = look(runtime)
    found = {f.key: _problem(f) for f in findings(now) if not _too_early(now, f)}
    for row in Incident.objects.filter(closed=None).order_by("opened", "id"):
        finding = Finding(row.kind, row.subject, row.message, row.camera, row.node)
        found.setdefault(finding.key, _problem(finding))
    return list(found.values())


def _problem(finding: Finding) -> Problem:
    advice = kind_of(finding.kind).advice
    return Problem(finding.kind, finding.message, finding.camera, finding.node, advice)


def _too_early(now: Situation, finding: Finding) -> bool:
    """A camera that is just being opened, or has just been told something else, is no trouble yet."""
    report = now.reports.get(finding.camera)
    connects = report is not None and report.state is CameraState.CONNECTING
    return finding.kind == "mismatch" or (finding.kind == "camera" and connects)
