//! Schedules of five fields, as `robfig/cron` reads them: `*/15 9-17 * * MON-FRI`, `@hourly`, `@every 90s`.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

use crate::model::time::Seconds;

/// How far a next time is looked for: what comes once in a leap year may be eight years away.
const YEARS: i16 = 9;

const MONTHS: &[&str] = &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// What is wrong with a schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// Its text.
    Text(String),
    /// There is no such time zone.
    Zone(String),
}

#[derive(Debug)]
enum When {
    /// Sets of bits: minutes, hours, days of the month, months, days of the week.
    Fields { minute: u64, hour: u64, day: u64, month: u64, weekday: u64, any_day: bool },
    /// Seconds between two times.
    Every(i64),
}

/// When something is to happen.
#[derive(Debug)]
pub struct Schedule {
    when: When,
    zone: TimeZone,
}

impl Schedule {
    /// Reads one. An empty time zone is UTC.
    ///
    /// # Errors
    /// The text, or the time zone, says nothing.
    pub fn parse(text: &str, zone: &str) -> Result<Schedule, ScheduleError> {
        let zone = if zone.is_empty() {
            TimeZone::UTC
        } else {
            TimeZone::get(zone).map_err(|_| ScheduleError::Zone(format!("unknown time zone {zone}")))?
        };
        let when = read(text).map_err(ScheduleError::Text)?;
        Ok(Schedule { when, zone })
    }

    /// The first time after another one, in seconds since 1970; `None` when there is none.
    pub fn after(&self, at: Seconds) -> Option<Seconds> {
        let When::Fields { minute, hour, day, month, weekday, any_day } = &self.when else {
            let When::Every(seconds) = self.when else { return None };
            return Some(at + seconds);
        };
        let has = |set: u64, n: i8| set & (1 << n) != 0;
        let start = Timestamp::from_second(at).ok()?.to_zoned(self.zone.clone());
        let mut local: DateTime = start.datetime().with().second(0).subsec_nanosecond(0).build().ok()?.checked_add(1.minute()).ok()?;
        let last = local.year() + YEARS;
        while local.year() < last {
            if !has(*month, local.month()) {
                local = local.first_of_month().start_of_day().checked_add(1.month()).ok()?;
                continue;
            }
            let (of_month, of_week) = (has(*day, local.day()), has(*weekday, local.weekday().to_sunday_zero_offset()));
            // Where both are given one of them is enough, as in cron.
            if !(if *any_day { of_month && of_week } else { of_month || of_week }) {
                local = local.start_of_day().checked_add(1.day()).ok()?;
                continue;
            }
            if !has(*hour, local.hour()) {
                local = local.with().minute(0).build().ok()?.checked_add(1.hour()).ok()?;
                continue;
            }
            if has(*minute, local.minute()) {
                let zoned: Zoned = local.to_zoned(self.zone.clone()).ok()?;
                // An hour that the clock leaves out gives a later one, which is none of the schedule; one that comes twice
                // counts once.
                if zoned.datetime() == local && zoned.timestamp().as_second() > at {
                    return Some(zoned.timestamp().as_second());
                }
            }
            local = local.checked_add(1.minute()).ok()?;
        }
        None
    }

    /// The last time after `since` and not after `now`, and how many there are up to `most`: with more than that the way
    /// is cut short.
    pub fn last_between(&self, since: Seconds, now: Seconds, most: usize) -> (Option<Seconds>, usize) {
        let (mut last, mut count, mut from) = (None, 0, since);
        while let Some(at) = self.after(from).filter(|at| *at <= now) {
            (last, from) = (Some(at), at);
            count += 1;
            if count == most {
                return (self.last_before(at, now), count);
            }
        }
        (last, count)
    }

    /// The last time up to `now`, from one that is known.
    fn last_before(&self, known: Seconds, now: Seconds) -> Option<Seconds> {
        if let When::Every(seconds) = self.when {
            return Some(known + (now - known) / seconds * seconds);
        }
        // Back by twice as much each time, until something is found.
        let mut back = 60;
        loop {
            let from = (now - back).max(known);
            let mut last = None;
            let mut at = from;
            while let Some(next) = self.after(at).filter(|next| *next <= now) {
                (last, at) = (Some(next), next);
            }
            if last.is_some() || from == known {
                return last.or(Some(known));
            }
            back *= 2;
        }
    }

    /// A time as the zone of the schedule has it: `2026-11-21T09:00:00+01:00`.
    pub fn local(&self, at: Seconds) -> String {
        let Ok(timestamp) = Timestamp::from_second(at) else { return String::new() };
        let text = timestamp.to_zoned(self.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        if self.zone == TimeZone::UTC { text.replace("+00:00", "Z") } else { text }
    }
}

fn read(text: &str) -> Result<When, String> {
    if let Some(interval) = text.strip_prefix("@every ") {
        return duration(interval)
            .filter(|seconds| *seconds > 0)
            .map(When::Every)
            .ok_or_else(|| format!("failed to parse duration {text}"));
    }
    let text = match text {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        _ if text.starts_with('@') => return Err(format!("unrecognized descriptor: {text}")),
        _ => text,
    };
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields[..] else {
        if text.is_empty() {
            return Err("empty spec string".into());
        }
        return Err(format!("expected exactly 5 fields, found {}: [{}]", fields.len(), fields.join(" ")));
    };
    let star = |field: &str| field.split(',').any(|part| part.starts_with(['*', '?']));
    Ok(When::Fields {
        minute: field(minute, 0, 59, &[], 0)?,
        hour: field(hour, 0, 23, &[], 0)?,
        day: field(day, 1, 31, &[], 0)?,
        month: field(month, 1, 12, MONTHS, 1)?,
        weekday: field(weekday, 0, 6, DAYS, 0)?,
        any_day: star(day) || star(weekday),
    })
}

/// `1h30m` in seconds.
fn duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut sum = 0;
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let unit = match tail.as_bytes().first()? {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        sum += number.parse::<i64>().ok()?.checked_mul(unit)?;
        rest = &tail[1..];
    }
    Some(sum)
}

fn field(text: &str, least: u64, most: u64, names: &[&str], first: u64) -> Result<u64, String> {
    let number = |text: &str| -> Result<u64, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(at) = names.iter().position(|name| *name == lower) {
            return Ok(at as u64 + first);
        }
        text.parse().map_err(|_| format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax"))
    };
    let mut set = 0;
    for part in text.split(',') {
        let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
        let (low, high) = match range.split_once('-') {
            _ if range == "*" || range == "?" => (least, most),
            Some((low, high)) => (number(low)?, number(high)?),
            // `3/5` is `3-59/5`.
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        let step = step.map_or(Ok(1), number)?;
        if low < least {
            return Err(format!("beginning of range ({low}) below minimum ({least}): {part}"));
        }
        if high > most {
            return Err(format!("end of range ({high}) above maximum ({most}): {part}"));
        }
        if low > high {
            return Err(format!("beginning of range ({low}) beyond end of range ({high}): {part}"));
        }
        if step == 0 {
            return Err(format!("step of range should be a positive number: {part}"));
        }
        let mut n = low;
        while n <= high {
            set |= 1 << n;
            n += step;
        }
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::{parse, rfc3339};

    fn next(schedule: &str, zone: &str, after: &str) -> String {
        let schedule = Schedule::parse(schedule, zone).expect(schedule);
        schedule.after(parse(after).expect("a time")).map(rfc3339).unwrap_or_default()
    }

    #[test]
    fn fields_names_steps_and_zones() {
        // A Saturday.
        let now = "2026-11-21T08:00:30Z";
        for (schedule, zone, expected) in [
            ("* * * * *", "", "2026-11-21T08:01:00Z"),
            ("*/15 * * * *", "", "2026-11-21T08:15:00Z"),
            ("3/20 * * * *", "", "2026-11-21T08:03:00Z"),
            ("0 9-17/4 * * MON-FRI", "", "2026-11-23T09:00:00Z"),
            ("30 6 1 jan,Jul *", "", "2027-01-01T06:30:00Z"),
            ("0 0 13 * 5", "", "2026-11-27T00:00:00Z"),
            ("0 0 29 2 *", "", "2028-02-29T00:00:00Z"),
            ("@hourly", "", "2026-11-21T09:00:00Z"),
            ("@every 1h30m", "", "2026-11-21T09:30:30Z"),
            ("0 9 * * *", "Europe/Berlin", "2026-11-22T08:00:00Z"),
            ("0 0 31 2 *", "", ""),
        ] {
            assert_eq!(next(schedule, zone, now), expected, "{schedule} {zone}");
        }
        assert_eq!(next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z"), "2026-03-30T00:30:00Z", "there is no 02:30 on the 29th");
        assert_eq!(Schedule::parse("@daily", "Europe/Berlin").expect("parses").local(0), "1970-01-01T01:00:00+01:00");
        assert_eq!(Schedule::parse("@daily", "Europe/Nowhere").err(), Some(ScheduleError::Zone("unknown time zone Europe/Nowhere".into())));
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for (text, why) in [
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("61 * * * *", "end of range (61) above maximum (59): 61"),
            ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(Schedule::parse(text, "").err(), Some(ScheduleError::Text(why.into())), "{text}");
        }
    }

    #[test]
    fn long_gaps_are_not_walked_through() {
        let schedule = Schedule::parse("*/5 * * * *", "").expect("parses");
        let (since, now) = (parse("2020-01-01T00:00:00Z").expect("a time"), parse("2026-11-21T08:03:00Z").expect("a time"));
        let (last, count) = schedule.last_between(since, now, 101);
        assert_eq!((last.map(rfc3339).as_deref(), count), (Some("2026-11-21T08:00:00Z"), 101));
    }
}
