"""What the usage page calls things."""

from core.models import CallPurpose, CallStatus
from core.services.usage_views import Chart

PURPOSES = {
    CallPurpose.ANSWER: "Answers",
    CallPurpose.TOOL: "Tool steps",
    CallPurpose.TITLE: "Titles",
    CallPurpose.SUMMARY: "Summaries",
}
STATUSES = {
    CallStatus.COMPLETE: "Complete",
    CallStatus.STOPPED: "Stopped",
    CallStatus.INTERRUPTED: "Interrupted",
    CallStatus.FAILED: "Failed",
}
CHARTS = {
    Chart.MODEL_COST: "Cost by model",
    Chart.PURPOSE_COST: "Cost by purpose",
    Chart.TOKENS: "Tokens",
    Chart.ANSWERS: "Answers",
    Chart.PEOPLE: "Active people",
}


def change(now: float, before: float) -> str | None:
    """Like "+12 %"; None where there was nothing before to compare with."""
    if not before:
        return None
    share = (now - before) / before * 100
    if abs(share) >= 1_000:
        return f"×{now / before:,.0f}"
    return "±0 %" if round(share) == 0 else f"{share:+.0f} %".replace("-", "−")
