use super::*;

fn problems_of(files: &[(&str, &str)], name: &str, depth: Depth) -> (Theme, Vec<String>) {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let config = std::env::temp_dir().join(format!("kubetui-themes-{}-{number}", std::process::id()));
    std::fs::create_dir_all(config.join("themes")).unwrap();
    for (name, text) in files {
        std::fs::write(config.join("themes").join(format!("{name}.toml")), text).unwrap();
    }
    let (theme, problems) = Theme::load(name, Some(&config), depth);
    std::fs::remove_dir_all(&config).unwrap();
    let folder = format!("{}/", config.join("themes").display());
    (theme, problems.iter().map(|problem| problem.to_string().replace(&folder, "")).collect())
}

fn rgb(hex: u32) -> Color {
    Color::from_u32(hex)
}

/// The relative luminance and the contrast ratio of WCAG 2.1.
fn luminance(colour: Color) -> f64 {
    let Color::Rgb(r, g, b) = colour else { panic!("{colour:?} is not RGB") };
    let [r, g, b] = [r, g, b].map(|c| {
        let c = f64::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Lines, what is proposed, what cannot be done and what is gone are not there to be read first.
const QUIET: &[Scope] = &[Scope::Rule, Scope::Ghost, Scope::KeyDisabled, Scope::Gone];

#[test]
fn compiled_themes_have_no_problem_at_any_depth() {
    for (name, _) in SHELF.compiled {
        for depth in [Depth::None, Depth::Ansi, Depth::Indexed, Depth::Truecolor] {
            assert_eq!(Theme::load(name, None, depth).1, [], "{name}");
        }
    }
}

/// What a theme without a background of its own is made for.
const DARK_BACKGROUNDS: &[u32] = &[0x00_00_00, 0x1e_1e_2e, 0x28_2c_34];
const LIGHT_BACKGROUNDS: &[u32] = &[0xff_ff_ff, 0xfd_f6_e3, 0xef_f1_f5];

#[test]
fn text_is_readable_on_usual_backgrounds() {
    for (name, _) in SHELF.compiled.iter().filter(|(name, _)| *name != BASE) {
        let (theme, _) = Theme::load(name, None, Depth::Truecolor);
        let own = theme.style(Scope::Background).bg;
        let (backgrounds, enough) = match *name {
            "dark" => (DARK_BACKGROUNDS, 4.5),
            "light" => (LIGHT_BACKGROUNDS, 4.5),
            "high-contrast" => (&[][..], 7.0),
            _ => (&[][..], 4.5),
        };
        let mut behind: Vec<Color> = backgrounds.iter().map(|&hex| rgb(hex)).chain(own).collect();
        assert!(!behind.is_empty(), "{name} paints its own background, or says here what it is made for");
        let palette_is_ours = own.is_none() || *name == "high-contrast";
        let cursors = [Scope::Cursor, Scope::CursorInactive].map(|scope| theme.style(scope).bg);
        if palette_is_ours {
            behind.extend(cursors.iter().flatten());
        } else {
            // What others chose is not readable everywhere; on the cursor's row it has to be for what is large or bold.
            for &scope in Scope::ALL.iter().filter(|scope| !QUIET.contains(scope)) {
                let style = theme.style(scope);
                for (fg, bg) in style.fg.into_iter().filter(|_| style.bg.is_none()).flat_map(|fg| cursors.map(|bg| (fg, bg))) {
                    let bg = bg.expect("the cursor is seen");
                    assert!(contrast(fg, bg) >= 3.5, "{name} {}: {:.2} on the cursor's row", scope.name(), contrast(fg, bg));
                }
            }
        }
        for &scope in Scope::ALL {
            let style = theme.style(scope);
            let Some(fg) = style.fg else { continue };
            let enough = match scope {
                Scope::Rule => 1.5,
                _ if QUIET.contains(&scope) => 2.8,
                _ => enough,
            };
            for &bg in style.bg.iter().chain(behind.iter().filter(|_| style.bg.is_none())) {
                assert!(contrast(fg, bg) >= enough, "{name} {}: {:.2} on {bg:?}", scope.name(), contrast(fg, bg));
            }
        }
    }
}

#[test]
fn each_depth_has_its_own_colours_and_the_cursor_is_always_seen() {
    for (name, _) in SHELF.compiled {
        for (depth, right) in [
            (Depth::None, (|_| false) as fn(Color) -> bool),
            (Depth::Ansi, |colour| !matches!(colour, Color::Rgb(..) | Color::Indexed(16..))),
            (Depth::Indexed, |colour| !matches!(colour, Color::Rgb(..))),
            (Depth::Truecolor, |_| true),
        ] {
            let (theme, _) = Theme::load(name, None, depth);
            for &scope in Scope::ALL {
                let style = theme.style(scope);
                assert!(style.fg.into_iter().chain(style.bg).all(right), "{name} {depth:?} {}: {style:?}", scope.name());
            }
            for scope in [Scope::Cursor, Scope::Selection, Scope::MatchCurrent, Scope::HeaderDanger] {
                let style = theme.style(scope);
                let seen = style.bg.is_some() || style.add_modifier.contains(Modifier::REVERSED);
                assert!(seen, "{name} {depth:?} {}: {style:?}", scope.name());
            }
            for scope in [Scope::Bad, Scope::Stale, Scope::TabActive, Scope::Gone] {
                assert_ne!(theme.style(scope), Style::new(), "{name} {depth:?} {}", scope.name());
            }
        }
    }
}

#[test]
fn a_users_theme_inherits_and_changes_the_palette() {
    let mine =
        "inherits = \"dark\"\n[palette]\naccent = \"#ff00ff\"\n[scopes]\n\"ui.cursor\" = { bg = \"accent\", modifiers = [\"bold\"] }\n";
    let (theme, problems) = problems_of(&[("mine", mine)], "mine", Depth::Truecolor);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Scope::Accent).fg, Some(rgb(0xff_00_ff)), "an inherited look has the new palette");
    assert_eq!(theme.style(Scope::Cursor), Style::new().bg(rgb(0xff_00_ff)).add_modifier(Modifier::BOLD));
    assert_eq!(theme.style(Scope::Bad), Theme::default().style(Scope::Bad));
}

#[test]
fn a_users_dark_lies_over_the_compiled_one() {
    let (theme, problems) = problems_of(&[("dark", "inherits = \"dark\"\n[palette]\naccent = \"red\"\n")], "dark", Depth::Truecolor);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Scope::Accent).fg, Some(Color::Red));
    assert_eq!(theme.style(Scope::Bad), Theme::default().style(Scope::Bad));
}

#[test]
fn what_a_theme_does_not_mention_has_a_look_all_the_same() {
    let (theme, problems) = problems_of(&[("bare", "[scopes]\n\"ui.cursor\" = { bg = \"blue\" }\n")], "bare", Depth::Truecolor);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Scope::CursorInactive), Style::new().bg(Color::Blue), "the scope above it comes first");
    assert_eq!(theme.style(Scope::Bad), Style::new().add_modifier(Modifier::BOLD), "then the theme below all");
}

#[test]
fn mistakes_are_named_and_the_rest_is_used() {
    let bad = "inherits = \"drak\"\ncolor = 1\n[palette]\nok = \"#00ff00\"\nno = \"#00ff\"\n[scopes]\n\"ui.accent\" = \"okk\"\n\"ui.curser\" = \"ok\"\n\"ui.dim\" = { fg = \"ok\", modifiers = [\"blod\"], gb = \"ok\" }\n\"ui.error\" = 5\n";
    let (theme, problems) = problems_of(&[("bad", bad)], "bad", Depth::Truecolor);
    assert_eq!(
        problems,
        [
            "bad.toml:2: a theme has no \"color\"",
            "bad.toml:5: \"no\" needs a colour: \"#7aa2f7\", \"light-blue\", \"default\", or [\"#7aa2f7\", \"light-blue\"]",
            "bad.toml:8: there is no scope \"ui.curser\"; did you mean ui.cursor?",
            "bad.toml:9: a look has no \"gb\"; did you mean bg?",
            "bad.toml:9: there is no modifier \"blod\"; did you mean bold?",
            "bad.toml:10: ui.error needs a colour or a look, such as { fg = \"red\", modifiers = [\"bold\"] }",
            "bad.toml:1: there is no theme \"drak\"; did you mean dark?",
            "bad.toml:7: there is no colour \"okk\" in the palette; did you mean ok?",
        ]
    );
    assert_eq!(theme.style(Scope::Dim).fg, Some(rgb(0x00_ff_00)));
}

#[test]
fn themes_that_inherit_each_other_end() {
    let (_, problems) = problems_of(&[("a", "inherits = \"b\"\n"), ("b", "\ninherits = \"a\"\n")], "a", Depth::Truecolor);
    assert_eq!(problems, ["b.toml:2: inherits \"a\", which inherits this theme"]);
}

#[test]
fn an_unknown_theme_is_said_and_dark_is_used() {
    let (theme, problems) = Theme::load("ligth", None, Depth::Truecolor);
    assert_eq!(theme, Theme::default());
    assert_eq!(problems[0].message, "there is no theme \"ligth\"; did you mean light?");
    let (_, problems) = Theme::load("solar", None, Depth::Truecolor);
    assert_eq!(
        problems[0].message,
        "there is no theme \"solar\"; there are catppuccin-mocha, dark, gruvbox-dark, gruvbox-light, high-contrast, light, monochrome, tokyo-night"
    );
}

#[test]
fn bars_change_at_their_marks() {
    let theme = Theme::default();
    assert_eq!(theme.bar(0.69), theme.style(Scope::BarLow));
    assert_eq!(theme.bar(0.7), theme.style(Scope::BarMid));
    assert_eq!(theme.bar(1.2), theme.style(Scope::BarHigh));
}
