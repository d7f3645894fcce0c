r"""The judge: one verdict for each claim.

Takes: a document and its claims. Gives: a `Verdict` for each, in order.
Guarantees: nothing is called proved that exact evidence contradicts (that is a CompilerFault), nothing is called true without
proof or evidence; what cannot be judged is named with its place. Only CompilerFault and MemoryError escape.

The order of work for one claim: a few exact points (a certified difference ends the search for a proof), then the proof,
then more points: they must not contradict a proof, and they are all there is without one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from eqcompiler.errors import CompilerFault, EquationError, NotSupportedYet, ShapeMismatch
from eqcompiler.languages.statements import Claim, Density, Document, Misfit, Objective, Statement
from eqcompiler.languages.terms import Condition, Term
from eqcompiler.languages.verdicts import Counterexample, Verdict
from eqcompiler.verification import conditions, densities, hints, iterations, minimisers, regimes
from eqcompiler.verification.answers import Proved, Unproved
from eqcompiler.verification.clock import Clock
from eqcompiler.verification.evidence import Evidence
from eqcompiler.verification.expected_verdicts import marked
from eqcompiler.verification.findings import Finding, confirmed, placed, sentence
from eqcompiler.verification.instruments import Instruments, standard
from eqcompiler.verification.substitution import substituted

FEW, MANY = 3, 24  # exact points before and after the search for a proof
ENOUGH = 8  # points without which "holds" is not said
CANDIDATES = 100  # conditions that are tried for a false claim: counted, so that the answer does not depend on the machine


@dataclass(frozen=True, slots=True)
class Restated:
    """A definition's new form, J(theta) = e, and the line that says so."""

    body: Term
    line: int


def verify(
    document: Document,
    *,
    timeout: float = 10.0,
    seed: int = 0,
    on_verdict: Callable[[Verdict], None] | None = None,
    instruments: Instruments | None = None,
    known: Mapping[int, Verdict] | None = None,
) -> tuple[Verdict, ...]:
    """The verdicts of all claims and objectives in order; a statement that could not be typed is unsupported.

    known: verdicts, by their place in the result, that are there already. on_verdict: hears the others.
    """
    verdicts = []
    restated: dict[str, Restated] = {}
    for place, statement in enumerate(filter(_is_judged, document.statements)):
        verdict = known.get(place) if known is not None else None
        if verdict is None:
            verdict = judge(document, statement, timeout=timeout, seed=seed, instruments=instruments)
            verdict = _about_restated(document, statement, verdict, restated, timeout, seed, instruments)
            if on_verdict is not None:
                on_verdict(verdict)
        _note_restatement(document, statement, verdict, restated)
        verdicts.append(verdict)
    return tuple(verdicts)


def pending(document: Document) -> tuple[Verdict, ...]:
    """In place of every verdict of `verify` one that says that nothing is decided yet."""
    blank = (_verdict(s, Finding("undecided", ""), Clock(0.0)) for s in document.statements if _is_judged(s))
    return tuple(replace(verdict, ok=False, settled=False, seconds=0.0) for verdict in blank)


def shares(document: Document, count: int) -> tuple[tuple[int, ...], ...]:
    """The places of the verdicts, dealt out so that each share can be judged without the others: claims that restate a
    definition, and claims that may follow such a restatement, stay together.
    """
    payloads = [statement.payload for statement in document.statements if _is_judged(statement)]
    restated = {d.name for p in payloads if isinstance(p, Claim) and (d := hints.bare_definition(document, p.left)) is not None}
    dealt: list[list[int]] = [[] for _ in range(count)]
    loose: list[int] = []
    for place, payload in enumerate(payloads):
        tied = isinstance(payload, Claim | Objective) and not restated.isdisjoint(_definitions_of(document, payload))
        (dealt[0] if tied else loose).append(place)
    for place in loose:
        min(dealt, key=len).append(place)
    return tuple(tuple(sorted(share)) for share in dealt)


def judge(
    document: Document,
    statement: Statement,
    *,
    timeout: float = 10.0,
    seed: int = 0,
    instruments: Instruments | None = None,
) -> Verdict:
    """The verdict on one claim or objective, about the document as it stands."""
    clock = Clock(timeout)
    tools = instruments if instruments is not None else standard()
    try:
        found = _found(document, statement, tools, clock, seed)
    except CompilerFault:
        raise
    except NotSupportedYet as error:
        found = Finding("unsupported", "", placed(error))
    except EquationError as error:
        found = Finding("undecided", "", placed(error))
    except RecursionError:
        found = Finding("undecided", "", "The claim is nested too deeply to be judged.")
    except MemoryError:
        raise  # what is left of this process judges nothing more
    except Exception as error:  # a defect of one part must not hide the other claims; it is shown, and never ok
        words = f"eqcompiler failed at this claim, report this file: {type(error).__name__}: {error}"
        return replace(_verdict(statement, Finding("undecided", "", words), clock), ok=False, settled=False)
    return _verdict(statement, found, clock)


def _is_judged(statement: Statement) -> bool:
    if statement.skip:
        return False
    return statement.error is not None or isinstance(statement.payload, Claim | Objective | Density)


def _found(document: Document, statement: Statement, tools: Instruments, clock: Clock, seed: int) -> Finding:
    if isinstance(statement.error, ShapeMismatch) and statement.kind.startswith("claim"):
        repair = tools.mend(document, statement.payload) if isinstance(statement.payload, Misfit) else None
        return Finding("refuted", "shapes", placed(statement.error), repair=repair)
    if statement.error is not None:
        return Finding("unsupported", "", placed(statement.error))
    if isinstance(statement.payload, Objective):
        return _judge_objective(document, statement.payload, tools)
    if isinstance(statement.payload, Claim) and iterations.is_limit(statement.payload):
        return _judge_limit(document, statement, statement.payload, tools, clock, seed)
    if isinstance(statement.payload, Claim):
        return _Case(document, statement, statement.payload, tools, clock, seed).judge()
    if isinstance(statement.payload, Density):
        case = partial(_Case, document, statement, tools=tools, clock=clock, seed=seed)
        return densities.judged(statement.payload, lambda c: case(c).judge(), lambda c: case(c).has_no_value())
    raise NotSupportedYet(f"a {statement.kind} is not judged", statement.span)


class _Case:
    """One claim under judgement."""

    def __init__(
        self, document: Document, statement: Statement, claim: Claim, tools: Instruments, clock: Clock, seed: int
    ) -> None:
        self.document, self.statement, self.claim = document, statement, claim
        self.tools, self.clock, self.seed = tools, clock, seed
        self.cut = False

    def judge(self) -> Finding:
        quick = self.try_points(FEW, self.seed)
        if quick.counterexample is not None:
            return self.false(quick, self.residual(quick.counterexample))
        answer = self.search_proof(())
        trial = self.try_points(MANY, self.seed + 1)
        better = self.better_point()
        if better is not None:
            return self.not_extreme(better, answer)
        if isinstance(answer, Proved):
            return self.proved(answer, trial) if not trial.impossible else self.without_assumptions(answer, trial)
        if trial.counterexample is not None:
            return self.false(trial, answer)
        return self.unproved(answer, quick, trial)

    def has_no_value(self) -> bool:
        """Whether a side has no value at every point tried."""
        trial = self.try_points(FEW, self.seed)
        return bool(trial.skipped) and not trial.agreements and trial.counterexample is None and trial.unsupported is None

    def try_points(self, points: int, seed: int, extra: tuple[Condition, ...] = ()) -> Evidence:
        deadline = self.clock.share()
        return self.tools.gather(self.document, self.claim, extra=extra, seed=seed, deadline=deadline, trials=points)

    def search_proof(self, extra: tuple[Condition, ...]) -> Proved | Unproved:
        if self.clock.late:
            return Unproved("the time ran out before a proof was searched")
        return self.tools.prove(self.document, self.claim, extra)

    def proved(self, proof: Proved, trial: Evidence) -> Finding:
        if trial.counterexample is not None:
            raise self.fault(proof, trial.counterexample)
        if trial.skipped and not trial.agreements and trial.unsupported is None:
            why = f"Equal wherever both sides have a value, but no such point was found: {trial.reason}."
            return Finding("undecided", proof.method, why, steps=proof.steps)
        return Finding("proved", f"{proof.method}; {confirmed(trial)}", proof.reason, steps=proof.steps)

    def without_assumptions(self, proof: Proved, trial: Evidence) -> Finding:
        """From a contradiction everything follows: where nothing was found to meet the assumptions, none may be needed."""
        document, claim = replace(self.document, assumptions=()), replace(self.claim, assumptions=())
        if self.document.assumptions or self.claim.assumptions:
            found = _Case(document, self.statement, claim, self.tools, self.clock, self.seed).judge()
            if found.outcome == "proved":
                return found
        why = f"It follows from assumptions that may contradict each other, from which everything follows: {trial.impossible}."
        return Finding("undecided", proof.method, why, steps=proof.steps)

    def fault(self, proof: Proved, against: Counterexample) -> CompilerFault:
        return CompilerFault(
            f"{self.statement.name} is proved ({proof.method}) but differs at an exact point: {against}",
            self.statement.span,
            fix="report this file: either the proof or the evaluation is wrong, and neither is believed",
        )

    def unproved(self, answer: Unproved, quick: Evidence, trial: Evidence) -> Finding:
        """No proof and no counterexample: the points are all there is."""
        why = f"No proof: {answer.reason}."
        if trial.skipped and minimisers.is_minimiser_claim(self.document, self.claim):
            none = f"At {trial.skipped} points there is no extremum, so agreement elsewhere says little."
            return Finding("undecided", trial.method, f"{why} {none}", residual=answer.residual)
        if trial.divergent:
            return self.diverging(trial)
        if trial.special:
            name = self.document.symbols[trial.special].latex
            few = f"The points that meet the assumptions are too special: {name} had hardly any values."
            return Finding("undecided", trial.method, f"{why} {few}", residual=answer.residual)
        if trial.agreements >= ENOUGH:
            return self.challenged(answer, trial, why)
        if trial.unsupported is not None and answer.unsupported is not None:
            raise NotSupportedYet(f"{answer.unsupported.what}; {trial.unsupported.what}", answer.unsupported.span)
        if trial.unsupported is not None:
            return Finding("undecided", "", f"{why} {sentence(trial.unsupported)}", residual=answer.residual)
        seen = (
            f"Only {trial.agreements} of {ENOUGH} points that are needed agree" if trial.agreements else "No point was compared"
        )
        late = " The time ran out." if self.clock.late else ""
        because = f": {trial.reason}" if trial.reason else ""
        return Finding("undecided", trial.method or quick.method, f"{why} {seen}{because}.{late}", residual=answer.residual)

    def challenged(self, answer: Unproved, trial: Evidence, why: str) -> Finding:
        """Equal at many points; whether that counts, and whether it is so far away from them and beside them too."""
        last = self.tools.challenge(self.document, self.claim, seed=self.seed + 2, deadline=self.clock.end)
        if last.counterexample is not None:
            return self.false(last, answer)
        beside = regimes.compared(self.document, self.claim, lambda extra: self.try_points(FEW, self.seed + 3, extra))
        if beside.against is not None:
            return self.false(beside.against, answer)
        if not beside.missed and (last.agreements >= ENOUGH or last.modulo_primes):
            return Finding("holds", trial.method, why, residual=answer.residual)
        because = beside.missed or last.reason or "too few points could be compared"
        return Finding("undecided", trial.method, f"{why} The agreement does not count: {because}.", residual=answer.residual)

    def diverging(self, trial: Evidence) -> Finding:
        """Equal where both sides converge, but one side has no value over a part of the other's range."""
        gap = f"{trial.divergent}, where the other side has a value"
        found = conditions.find(self.document, self.claim, (), (), self.tests())
        if found is None:
            reason = f"Equal wherever both sides have a value, but {gap}; state the condition under which there is one."
            return Finding("undecided", trial.method, reason)
        reason = f"True if {found.latex}; without it, {gap}."
        return Finding("conditional", "proved under the condition", reason, condition=found.latex, steps=found.steps)

    def false(self, trial: Evidence, answer: Unproved) -> Finding:
        """A certified difference: under which condition would it be true, what is left over, what would be right."""
        self.cut = self.clock.late
        repair = None if self.cut else self.tools.repair(self.document, self.claim, answer.residual, trial.found)
        parts = Finding("refuted", trial.method, counterexample=self.small(trial), residual=answer.residual, repair=repair)
        found = conditions.find(self.document, self.claim, answer.factors, answer.decisive, self.tests())
        if found is None:
            hint = hints.about(self.document, self.claim, None)
            late = " The time ran out before every condition was tried." if self.cut else ""
            return replace(parts, reason=f"The two sides differ at the values shown.{hint}{late}", cut=self.cut)
        word = "exactly if" if found.necessary else "if"
        return replace(
            parts,
            outcome="conditional",
            condition=found.latex,
            steps=found.steps,
            cut=self.cut,
            method=f"counterexample: {trial.method}; proved under the condition",
            reason=f"False in general, true {word} {found.latex}.{hints.about(self.document, self.claim, found)}",
        )

    def better_point(self) -> Evidence | None:
        """For a minimiser claim, a point at which the objective is lower than at the claimed one."""
        what = minimisers.no_better_point(self.document, self.claim)
        if what is None:
            return None
        document, claim, constraints = what
        deadline = self.clock.share()
        found = self.tools.gather(document, claim, extra=constraints, seed=self.seed, deadline=deadline, trials=MANY)
        return found if found.counterexample is not None else None

    def not_extreme(self, better: Evidence, answer: Proved | Unproved) -> Finding:
        if isinstance(answer, Proved) and better.counterexample is not None:
            raise self.fault(answer, better.counterexample)
        reason = "At the values shown the objective is better (right) than at the claimed point (left)."
        residual = answer.residual if isinstance(answer, Unproved) else None
        return Finding("refuted", better.method, reason, counterexample=better.counterexample, residual=residual)

    def residual(self, against: Counterexample) -> Unproved:
        """What normal forms leave over; they must not be equal against a counterexample."""
        answer = self.tools.difference(self.document, self.claim)
        if isinstance(answer, Proved):
            raise self.fault(answer, against)
        return answer

    def small(self, trial: Evidence) -> Counterexample | None:
        """The counterexample in the smallest shapes and numbers that a short search finds."""
        if trial.found is None or self.clock.late:
            return trial.counterexample
        seconds = self.clock.share() - time.monotonic()
        return self.tools.shrink(self.document, self.claim, trial.found, seconds=seconds)

    def tests(self) -> conditions.Trials:
        stop = self.clock.share()
        evidence: dict[conditions.Candidate, Evidence] = {}

        def tried(candidate: conditions.Candidate) -> Evidence:
            if candidate not in evidence:
                evidence[candidate] = self.try_points(FEW, self.seed, candidate)
            return evidence[candidate]

        def proves(candidate: conditions.Candidate) -> tuple[str, ...] | None:
            answer = self.search_proof(candidate)
            if not isinstance(answer, Proved) and len(candidate) == 1:
                put_in = substituted(self.document, self.claim, candidate[0])
                answer = self.tools.prove(*put_in, ()) if put_in is not None else answer
            if not isinstance(answer, Proved):
                return None
            return answer.steps if self.try_points(MANY, self.seed + 1, candidate).agrees else None

        def late() -> bool:
            if len(evidence) >= CANDIDATES:
                return True
            self.cut = self.cut or time.monotonic() >= stop
            return self.cut

        return conditions.Trials(
            meets=lambda candidate: tried(candidate).agrees,
            vanishes=lambda candidate: tried(candidate).zero,
            proves=proves,
            late=late,
        )


def _judge_objective(document: Document, objective: Objective, tools: Instruments) -> Finding:
    """Whether the objective is convex, so that a stationary point is a minimum; with the closed form where there is one."""
    bend = tools.minimum(document, objective.extremum)
    if bend.proved:
        return Finding("proved", bend.method, bend.reason, steps=bend.steps)
    return Finding("undecided", bend.method, bend.reason)


def _judge_limit(
    document: Document, statement: Statement, claim: Claim, tools: Instruments, clock: Clock, seed: int
) -> Finding:
    """The limit must be a fixed point of the update; that it is reached is a condition on the update."""
    found = iterations.iteration(document, claim, statement.span.line)
    fixed = _Case(found.document, statement, found.claim, tools, clock, seed).judge()
    if fixed.outcome == "refuted":
        return replace(fixed, reason=f"It is no fixed point of the update: one step from it (left) leads away. {fixed.reason}")
    if fixed.outcome not in ("proved", "conditional"):
        reason = f"That it is a fixed point of the update is not proved ({fixed.outcome}). {fixed.reason}".strip()
        return replace(fixed, outcome="undecided", reason=reason)
    if found.matrix is None:
        reason = f"It is a fixed point of the update, which is not affine in {found.state}: whether it is reached is open."
        return Finding("undecided", "", reason, steps=fixed.steps)
    return iterations.reached(found, fixed)


def _verdict(statement: Statement, found: Finding, clock: Clock) -> Verdict:
    verdict = Verdict(
        file=statement.span.source.path,
        line=statement.span.line,
        column=statement.span.column,
        name=statement.name,
        kind=statement.kind,
        latex=statement.latex,
        verdict=found.outcome,
        method=found.method,
        condition=found.condition,
        counterexample=found.counterexample,
        residual=found.residual,
        repair=found.repair,
        reason=" ".join(filter(None, (found.reason, *(f"Read so: {words}." for words in statement.conventions)))),
        expected=statement.expect or None,
        seconds=clock.seconds,
        steps=found.steps,
        settled=not found.cut and (found.outcome != "undecided" or time.monotonic() < clock.first_stop),
    )
    return marked(statement, verdict)


# --- restatements: a later claim about J may mean the form that the text gave it last ------------------------------------


def _note_restatement(document: Document, statement: Statement, verdict: Verdict, restated: dict[str, Restated]) -> None:
    """A form that is equal to the original (proved) restates nothing: it is the original meaning again."""
    claim = statement.payload
    if not isinstance(claim, Claim) or claim.free or verdict.verdict not in ("proved", "holds", "conditional"):
        return
    definition = hints.bare_definition(document, claim.left)
    if definition is None or definition.name in conditions.reached_definitions(document, claim.right):
        return
    if verdict.verdict == "proved":
        restated.pop(definition.name, None)
    else:
        restated[definition.name] = Restated(claim.right, statement.span.line)


def _about_restated(
    document: Document,
    statement: Statement,
    verdict: Verdict,
    restated: dict[str, Restated],
    timeout: float,
    seed: int,
    instruments: Instruments | None,
) -> Verdict:
    """The verdict about the restated forms, when it is better than the one about the original meaning."""
    claim = statement.payload
    if not isinstance(claim, Claim | Objective) or not restated or verdict.ok:
        return verdict
    used = [name for name in _definitions_of(document, claim) if name in restated]
    own = hints.bare_definition(document, claim.left) if isinstance(claim, Claim) else None
    used = [name for name in used if own is None or name != own.name]
    if not used:
        return verdict
    changed = {name: replace(document.definitions[name], body=restated[name].body) for name in used}
    newer = replace(document, definitions={**document.definitions, **changed})
    again = judge(newer, statement, timeout=max(0.0, timeout - verdict.seconds), seed=seed, instruments=instruments)
    if again.verdict not in ("proved", "holds"):
        return verdict
    about = " and ".join(f"{document.definitions[name].latex} as restated at line {restated[name].line}" for name in used)
    first = f"About the original definition it is {verdict.verdict}" + (f" ({verdict.condition})" if verdict.condition else "")
    return replace(
        again,
        method=f"about {about}: {again.method}",
        reason=f"{again.reason} {first}.".strip(),
        seconds=verdict.seconds + again.seconds,
    )


def _definitions_of(document: Document, claim: Claim | Objective) -> tuple[str, ...]:
    terms = (claim.left, claim.right) if isinstance(claim, Claim) else (claim.extremum,)
    return tuple(dict.fromkeys(name for term in terms for name in conditions.reached_definitions(document, term)))
