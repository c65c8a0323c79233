"""The figures of an evaluation, in the shape of `rolestream eval --json`."""

from collections.abc import Sequence
from typing import Any

from pipeline.evaluation.run import WindowResult
from pipeline.evaluation.scores import total
from pipeline.evaluation.tally import percentile


def figures(results: Sequence[WindowResult]) -> dict[str, Any]:
    """All figures: over all windows, by language, by window."""
    langs = sorted({result.gold.lang for result in results})
    return {
        **block(results),
        "per_language": {
            lang: block([result for result in results if result.gold.lang == lang])
            for lang in langs
        },
        "per_window": [
            {
                "window": result.gold.name,
                "language": result.gold.lang,
                "pass": result.pass_number,
                **result.counts.blocks(),
                "cost_usd": result.cost_usd,
                "latency_s": result.latency_s,
                "runs": result.runs,
                "faults": list(result.faults),
            }
            for result in results
        ],
    }


def block(results: Sequence[WindowResult]) -> dict[str, Any]:
    """The figures of some windows: counts are summed first; latency is that of a window."""
    latencies = [result.latency_s for result in results]
    return {
        **total(result.counts for result in results).blocks(),
        "cost_usd": sum(result.cost_usd for result in results),
        "latency_p50_s": percentile(latencies, 0.5),
        "latency_p95_s": percentile(latencies, 0.95),
        "runs": sum(result.runs for result in results),
    }
