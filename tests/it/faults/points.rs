//! A failure or a kill at each commit, write, rename and socket step in turn.

use super::*;

/// Fails or kills an import at one point after the other, until a run ends before the next point. By default, it tests
/// every fifth point. Returns the last point.
#[expect(clippy::print_stdout, reason = "shown on demand")]
fn at_each_point(how: &str) -> u64 {
    let step = size(5, 1, 1);
    let mut point = setting("ROLLCALL_SEED", 1) % step;
    loop {
        point += step;
        let what = format!("point {point}{how}");
        let scene = Scene::new(BatchMode::AllOrNothing, |_, _| Fault::None);
        let mut command = scene.command_with(&["--batch-size", "25"]);
        command.env("ROLLCALL_FAIL_AT", format!("{point}{how}"));
        let first = scene.run(command);
        if !first.stderr.contains("a test has this fail") {
            scene.check(&first, &what);
            println!("{} points, one in {step} with `{how}`: 0 lost, 0 duplicated, 0 wrong", point - step);
            return point - step;
        }
        if how.is_empty() {
            assert!(matches!(first.code, 1 | 4 | 5), "{what}: {}\n{}", first.code, first.stderr);
            assert!(first.code == 1 || first.stderr.contains("error: "), "{what}: {}", first.stderr);
        } else {
            assert_eq!(first.code, -1, "{what}");
        }
        let is_done = scene.is_reported();
        let last = if is_done { Ended { code: 1, ..first } } else { scene.finish(&what) };
        scene.check(&last, &what);
    }
}

#[test]
fn failure_at_each_step_is_reported_and_the_next_run_continues() {
    let points = at_each_point("");
    assert!(points > 40, "{points} points were reached");
}

#[test]
fn kill_at_each_step_loses_nothing() {
    let points = at_each_point("!");
    assert!(points > 40, "{points} points were reached");
}
