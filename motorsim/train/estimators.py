"""Estimators: recurrent networks with scikit-learn's conventions, for its cross-validation and searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from motorsim.checks import InputError, check_array
from motorsim.nn.cross_entropy import cross_entropy
from motorsim.nn.labels import one_hot
from motorsim.nn.mse import mse
from motorsim.train.rnn_estimator import RNNEstimator, check_inputs
from motorsim.train.standardisation import Standardisation

if TYPE_CHECKING:
    from motorsim.types import FloatArray


class RNNRegressor(RegressorMixin, RNNEstimator):  # type: ignore[misc]
    """A recurrent network that learns sequences, or numbers at their end, by mean squared error.

    Inputs X are (sample, time, feature). Targets y are (sample, time, output), or (sample, output) or
    (sample,) without time; predictions have their shape. One output over time is (sample, time, 1), since
    (sample, time) would be as many outputs at the end. Settings and attributes as in
    `motorsim.train.RNNEstimator`.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn, and return self.

        Raises
        ------
        InputError
            If an array has another shape or is not finite, or a setting is out of its range.
        """
        inputs, values = check_inputs(X), _check_values(y)
        check_consistent_length(inputs, values)
        if values.ndim == 3 and values.shape[1] != inputs.shape[1]:
            raise InputError("y", f"{inputs.shape[1]} times, those of X", f"{values.shape[1]} times")
        self.target_ndim_ = values.ndim
        columns = values[:, None] if values.ndim == 1 else values
        seed, held_out = self._split(len(inputs))
        self.target_standardisation_ = Standardisation.of(columns[~held_out], wanted=self.standardise)
        targets, mask = self.target_standardisation_.apply(columns), None
        if columns.ndim == 2:
            targets, mask = self._targets_over_time(targets, inputs.shape[1])
        self._train(inputs, targets, mask, mse, (seed, held_out))
        return self

    def predict(self, X: Any) -> FloatArray:
        """Return the predicted targets, in the shape that they had in `fit`."""
        outputs = self._outputs(X)
        read = outputs if self.target_ndim_ == 3 else self._read(outputs)
        predicted = self.target_standardisation_.undo(read)
        return predicted[:, 0] if self.target_ndim_ == 1 else predicted

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return R^2, times taken as samples, averaged over outputs."""
        predicted, values = self.predict(X), _check_values(y)
        if values.shape != predicted.shape:
            raise InputError("y", f"shape {predicted.shape}, that of the prediction", f"shape {values.shape}")
        weight = None if sample_weight is None else np.asarray(sample_weight)
        if values.ndim == 3:
            weight = None if weight is None else np.repeat(weight, values.shape[1])
            values, predicted = (array.reshape(-1, array.shape[-1]) for array in (values, predicted))
        return float(r2_score(values, predicted, sample_weight=weight))


class RNNClassifier(ClassifierMixin, RNNEstimator):  # type: ignore[misc]
    """A recurrent network that learns labels of sequences, by cross-entropy on a softmax readout.

    Inputs X are (sample, time, feature), labels y (sample,) of any type; ``classes_`` holds them in order.
    Settings and attributes as in `motorsim.train.RNNEstimator`; with ``read="mean"`` probabilities are
    averaged over time.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn, and return self.

        Raises
        ------
        InputError
            If X has another shape or is not finite, there is one class alone, or a setting is out of range.
        """
        inputs, labels = check_inputs(X), column_or_1d(y)
        check_consistent_length(inputs, labels)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError("y", "at least two classes", f"one class, {self.classes_[0]!r}")
        hot = one_hot(numbers, len(self.classes_))
        targets, mask = self._targets_over_time(hot, inputs.shape[1])
        self._train(inputs, targets, mask, cross_entropy, self._split(len(inputs)))
        return self

    def predict_proba(self, X: Any) -> FloatArray:
        """Return the probability of each of ``classes_``, (sample, class)."""
        read = self._read(self._outputs(X))
        # Those of a float32 network sum to 1 in float32 alone, which scores in float64 would not take.
        probabilities: FloatArray = read / read.sum(axis=1, keepdims=True)
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """Return the label of the largest probability, (sample,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[likeliest]
        return labels


def _check_values(y: Any) -> FloatArray:
    values = check_array("y", y)
    if values.ndim not in (1, 2, 3) or values.size == 0:
        expected = "an array (sample,), (sample, output) or (sample, time, output)"
        raise InputError("y", expected, f"shape {values.shape}")
    return values
