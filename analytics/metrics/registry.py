"""All metrics: ours, and those that the setting `ANALYTICS_METRICS` names.

An entry of it is the dotted path of a metric class, or of a module, of which every metric class that has a name counts.
A project's metric takes the place of ours with the same name, which is how a definition is changed.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from analytics import conf
from analytics.errors import NotFound
from analytics.metrics import kpis, kris, krs
from analytics.metrics.metric import Metric

MetricClass = type[Metric]


@cache
def all_metrics() -> dict[str, MetricClass]:
    """By name, in the order in which they are shown.

    **Errors**: `ImportError` for a path that leads nowhere; `ValueError` naming what is wrong with a declaration.
    """
    ours: tuple[MetricClass, ...] = (*kpis.METRICS, *kris.METRICS, *krs.METRICS)
    found = {metric.name: metric for metric in ours}
    for path in conf.get().metrics:
        for metric in _classes_at(path):
            found[metric.name] = metric
    faults = [problem for metric in found.values() for problem in metric.problems()]
    if faults:
        raise ValueError("; ".join(faults))
    return found


def find_metric(name: str) -> MetricClass:
    """**Errors**: `NotFound` naming the metrics that there are."""
    metric = all_metrics().get(name)
    if metric is None:
        raise NotFound(f"there is no metric {name[:100]!r}; there are {', '.join(all_metrics())}")
    return metric


def _classes_at(path: str) -> Iterable[MetricClass]:
    try:
        module = import_module(path)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{path}.".startswith(f"{error.name}."):
            raise  # something that the module itself imports
        return [_checked(import_string(path), path)]
    return list(_named(vars(module).values(), path))


def _named(things: Iterable[object], module: str) -> Iterator[MetricClass]:
    for thing in things:
        is_own = inspect.isclass(thing) and issubclass(thing, Metric) and thing.__module__ == module
        if is_own and thing.name:  # type: ignore[attr-defined]
            yield thing  # type: ignore[misc]


def _checked(thing: object, path: str) -> MetricClass:
    if inspect.isclass(thing) and issubclass(thing, Metric):
        return thing
    raise ValueError(
        f"ANALYTICS_METRICS: {path} is no metric; name a class made from KPI, KRI, KR or CustomMetric"
    )


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "ANALYTICS_METRICS":
        all_metrics.cache_clear()
