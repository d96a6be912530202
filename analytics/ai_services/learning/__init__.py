"""The numeric core of predictions: examples in, a calibrated model with its card out, or the reason why not.

Knows neither Django nor the event store. `training.train` fits and judges, `model.Model` answers with numpy alone,
`churn_features` holds the features that benchmark and product share, `histories` the rates of small counts.
"""
