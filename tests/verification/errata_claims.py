r"""Takes: nothing. Gives: `TOPICS`: what is declared, claims that are true, and the mistakes that books print in their place.
Guarantees: data only; every label was checked by hand, and a test checks it once more with exact numbers.

Each claim is a line of its own under the same declarations. The mistakes: a transposed Jacobian, the derivative of the
log-determinant of a symmetric matrix, signs in Woodbury, lost factors, bounds off by one, means of functions.
"""

from __future__ import annotations

from errata_of_analysis import ANALYSIS
from errata_of_learning import LEARNING
from errata_of_matrices import MATRICES
from errata_of_notation import NOTATION
from errata_of_probability import PROBABILITY
from errata_topic import Topic

TOPICS: dict[str, Topic] = {**MATRICES, **LEARNING, **PROBABILITY, **ANALYSIS, **NOTATION}
