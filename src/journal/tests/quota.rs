//! The shared request quota and the retry budget.

use super::*;

#[test]
fn slots_are_shared_and_free_a_window_after_the_answer() {
    let home = tempfile::tempdir().unwrap();
    let (journal, now) = timed(home.path());
    let (mut first, mut second) = (journal.quota("acc"), journal.quota("acc"));
    assert_eq!(first.take(&per_minute(2), LIMIT).unwrap(), None);
    now.fetch_add(10_000, Ordering::Relaxed);
    first.answered(&per_minute(1), true).unwrap();
    assert_eq!(second.take(&per_minute(2), LIMIT).unwrap(), None);
    // The second request gets no response: its slot is taken for the response timeout and one window.
    assert_eq!(first.take(&per_minute(2), LIMIT).unwrap(), Some(MINUTE + Duration::from_millis(1)));
    assert_eq!(journal.quota("another").take(&per_minute(2), LIMIT).unwrap(), None);
    now.fetch_add(60_001, Ordering::Relaxed);
    assert_eq!(first.take(&per_minute(2), LIMIT).unwrap(), None);
    assert_eq!(first.take(&per_minute(2), LIMIT).unwrap(), Some(Duration::from_millis(29_999)));
}

/// The activity of a simulated program: nothing, or waiting for a response at this time.
type UnderWay = Option<i64>;

/// Simulates programs that send requests at random, get late responses, or die. Returns when each request arrived.
fn arrivals(seed: u64, programs: usize, slots: usize, dies: bool) -> Vec<i64> {
    let (journal, now) = at_set_time(Journal::in_memory().unwrap());
    let mut random = seed;
    let mut below = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    let mut quotas: Vec<_> = (0..programs).map(|_| (journal.quota("acc"), UnderWay::None)).collect();
    let mut arrivals = Vec::new();
    for _ in 0..2_000 {
        let time = now.fetch_add(below(700).cast_signed(), Ordering::Relaxed);
        let (quota, under_way) = &mut quotas[usize::try_from(below(programs as u64)).unwrap()];
        match *under_way {
            Some(answered_at) if answered_at > time => {}
            Some(_) => {
                quota.answered(&per_minute(1), true).unwrap();
                *under_way = None;
            }
            None if quota.take(&per_minute(slots), LIMIT).unwrap().is_none() => {
                let longest = u64::try_from(ms(LIMIT)).unwrap();
                let time = now.load(Ordering::Relaxed);
                let arrival = time + below(longest).cast_signed();
                arrivals.push(arrival);
                if dies && below(8) == 0 {
                    // Its request is still on its way. Another program takes its place.
                    *quota = journal.quota("acc");
                } else {
                    *under_way = Some(arrival);
                }
            }
            None => {}
        }
    }
    arrivals.sort_unstable();
    arrivals
}

#[test]
fn no_window_has_more_requests_than_the_account_allows() {
    for seed in 0..4 {
        for dies in [false, true] {
            let arrivals = arrivals(seed, 8, 5, dies);
            assert!(arrivals.len() > 20, "{}", arrivals.len());
            for (first, over) in arrivals.iter().zip(arrivals.iter().skip(5)) {
                assert!(over - first >= 60_000, "seed {seed}, {dies}: six requests in {} ms", over - first);
            }
        }
    }
}

#[test]
fn clock_set_back_delays_at_most_for_the_requested_pause() {
    let home = tempfile::tempdir().unwrap();
    let (journal, now) = timed(home.path());
    let mut quota = journal.quota("acc");
    quota.take(&per_minute(1), LIMIT).unwrap();
    quota.answered(&per_minute(1), true).unwrap();
    now.fetch_sub(3_600_000, Ordering::Relaxed);
    assert_eq!(quota.take(&per_minute(1), LIMIT).unwrap(), Some(LIMIT + MINUTE));
    now.fetch_add(90_000, Ordering::Relaxed);
    assert_eq!(quota.take(&per_minute(1), LIMIT).unwrap(), None);

    quota.pause(Duration::from_mins(5)).unwrap();
    now.fetch_sub(7_200_000, Ordering::Relaxed);
    assert_eq!(quota.take(&per_minute(9), LIMIT).unwrap(), Some(Duration::from_mins(5)));
}

#[test]
fn pauses_apply_to_all_programs_and_are_limited() {
    let home = tempfile::tempdir().unwrap();
    let (journal, now) = timed(home.path());
    journal.quota("acc").pause(MINUTE).unwrap();
    journal.quota("acc").pause(Duration::from_secs(1)).unwrap();
    assert_eq!(journal.quota("acc").take(&per_minute(9), LIMIT).unwrap(), Some(MINUTE));
    let (day, month) = (Duration::from_hours(24), Duration::from_hours(31 * 24));
    for (asked, kept) in [(day, day), (Duration::MAX, month)] {
        journal.quota("acc").pause(asked).unwrap();
        assert_eq!(journal.quota("acc").take(&per_minute(9), LIMIT).unwrap(), Some(kept));
    }
    now.fetch_add(ms(month), Ordering::Relaxed);
    assert_eq!(journal.quota("acc").take(&per_minute(9), LIMIT).unwrap(), None);
}

#[test]
fn hourly_limit_applies_in_addition_to_the_minute_limit() {
    const HOUR: Duration = Duration::from_hours(1);

    let home = tempfile::tempdir().unwrap();
    let (journal, now) = timed(home.path());
    let hour = Some(Limit { slots: 3, window: HOUR });
    let limits = Limits { hour, ..per_minute(2) };
    // Two programs that use one account.
    let mut quotas = [journal.quota("acc"), journal.quota("acc")];
    let mut request = |program: usize| {
        let wait = quotas[program].take(&limits, LIMIT).unwrap();
        if wait.is_none() {
            quotas[program].answered(&limits, true).unwrap();
        }
        wait
    };
    assert_eq!((request(0), request(1)), (None, None));
    assert_eq!(request(0), Some(MINUTE + Duration::from_millis(1)));
    now.fetch_add(60_001, Ordering::Relaxed);
    assert_eq!(request(0), None);
    // The minute has a free slot; the hour has none until the first of three is free.
    assert_eq!(request(1), Some(Duration::from_mins(59)));
    assert_eq!(journal.quota("acc").busy(Span::Hour, HOUR).unwrap().len(), 3);
    assert_eq!(journal.quota("acc").busy(Span::Minute, MINUTE).unwrap().len(), 1);
    now.fetch_add(ms(HOUR), Ordering::Relaxed);
    assert_eq!(request(1), None);
}

#[test]
fn retries_cost_tokens_and_success_returns_them() {
    let journal = Journal::in_memory().unwrap();
    let mut quota = journal.quota("acc");
    let paid = (0..30).filter(|_| quota.spend(5).unwrap()).count();
    assert_eq!(paid, 20);
    for _ in 0..5 {
        quota.take(&per_minute(99), LIMIT).unwrap();
        quota.answered(&per_minute(1), true).unwrap();
    }
    assert_eq!([quota.spend(5).unwrap(), quota.spend(5).unwrap()], [true, false]);
}
