from agent.domain.check import Check, CheckResult, CommandCheck
from agent.domain.event import ChecksRan
from agent.domain.finding import Finding
from agent.domain.plan import Plan
from agent.realign.findings import check_finding_id, check_findings, merge_findings


def ran(subject: str, checks: tuple[Check, ...], *passed: bool, output: str = "") -> ChecksRan:
    results = tuple(
        CheckResult(check=check, passed=green, reason="exit code 1", output=output)
        for check, green in zip(checks, passed, strict=True)
    )
    return ChecksRan(subject=subject, moment="final", commit="abc1234", results=results)


def runs(plan: Plan, first: bool, second: bool) -> dict[str, ChecksRan]:
    return {
        item.id: ran(item.id, item.checks, green)
        for item, green in zip(plan.requirements, (first, second), strict=True)
    }


def test_red_before_and_green_after_leaves_nothing(plan: Plan) -> None:
    before, final = runs(plan, False, False), runs(plan, True, True)
    assert check_findings(plan, before=before, final=final, tasks={}) == ()


def test_a_red_check_on_the_finished_branch_is_an_error(plan: Plan) -> None:
    second = plan.requirements[1]
    output = "".join(f"line {number}\n" for number in range(40))
    final = {**runs(plan, True, True), "R2": ran("R2", second.checks, False, output=output)}
    assert check_findings(plan, before={}, final=final, tasks={}) == (
        Finding(
            id=check_finding_id("R2", second.checks[0]),
            rule="check-red",
            severity="error",
            message="A check of R2 is red: exit code 1",
            evidence="\n".join(
                ["$ python3 -m app ask hi", *(f"line {number}" for number in range(28, 40))]
            ),
            requirement="R2",
            remedy="Make it true for the user: A model that knows the todos answers.",
        ),
    )


def test_checks_that_are_green_before_the_work_prove_nothing(plan: Plan) -> None:
    (found,) = check_findings(plan, before=runs(plan, True, False), final={}, tasks={})
    assert (found.rule, found.severity, found.requirement, found.evidence) == (
        "check-proves-nothing",
        "error",
        "R1",
        "python3 -m unittest tests.test_store: exit code 1",
    )


def test_one_red_check_among_green_ones_is_proof_enough(plan: Plan) -> None:
    checks = (CommandCheck(run="a"), CommandCheck(run="b"))
    before = {"R1": ran("R1", checks, True, False)}
    assert check_findings(plan, before=before, final={}, tasks={}) == ()


def test_a_requirement_that_no_check_ran_for_is_not_proven(plan: Plan) -> None:
    final = {"R1": ran("R1", plan.requirements[0].checks, True), "R2": ran("R2", ())}
    (found,) = check_findings(plan, before={}, final=final, tasks={})
    assert (found.rule, found.severity, found.requirement) == ("check-missing", "error", "R2")


def test_a_task_whose_check_broke_later_is_an_error_once(plan: Plan) -> None:
    first, second = plan.tasks[0], plan.tasks[1]
    tasks = {
        # The same command is R1's check as well, and is reported there.
        "T01": ran("T01", first.checks, False),
        "T02": ran("T02", second.checks, False),
    }
    findings = check_findings(plan, before={}, final=runs(plan, False, True), tasks=tasks)
    assert [(f.id, f.path, f.requirement) for f in findings] == [
        (check_finding_id("R1", first.checks[0]), "", "R1"),
        (check_finding_id("T02", second.checks[0]), "app/chat.py", "R2"),
    ]


def test_merged_findings_keep_their_order_and_each_id_once() -> None:
    def of(name: str, message: str) -> Finding:
        return Finding(id=name, rule="x", severity="error", message=message)

    merged = merge_findings(
        (of("F2", "first"), of("F1", "first")), (), (of("F1", "second"), of("F3", "first"))
    )
    assert merged == (of("F2", "first"), of("F1", "first"), of("F3", "first"))
