//! What `config.toml` and the flags say of the context on the screen: looked up whenever one is entered.

use std::io;
use std::process::Command;

use super::App;
use super::surface::Surface;
use crate::cluster::link::Control;
use crate::commands;
use crate::config::Settings;

impl<S: Surface> App<S> {
    /// Puts what holds in the context in force: what it allows, its theme, its keys and the mouse, unless a person
    /// chose otherwise for this run. The rest is for whoever asks.
    pub(super) fn settle(&mut self) -> Settings {
        let settings = self.config.settings(&self.state.context.name, &self.flags);
        self.state.policy = settings.policy();
        self.state.logs = settings.logs();
        self.state.login_command = settings.login.is_some();
        self.state.debug_image = settings.debug_image.value.as_str().into();
        let mut problems = Vec::new();
        let chosen = &self.state.chosen;
        let theme = (!chosen.theme_kept && *chosen.theme != *settings.theme.value).then_some(&settings.theme.value);
        let keymap = (!chosen.keymap_kept && *chosen.keymap != *settings.keymap.value).then_some(&settings.keymap.value);
        if let Some(name) = theme {
            problems.extend(self.state.use_theme(name));
        }
        if let Some(name) = keymap {
            problems.extend(self.state.use_keymap(name, &commands::names()));
        }
        if !self.state.chosen.mouse_kept && self.state.mouse != settings.mouse.value {
            self.state.mouse = settings.mouse.value;
            // A terminal that cannot be written is gone, which the next frame says.
            let _ = self.surface.set_mouse(settings.mouse.value);
        }
        if let Some(problem) = problems.first() {
            self.state.error(problem.to_string());
        }
        settings
    }

    /// Hands the terminal to the login command of the settings, if there is one: true when it was run, whatever came of it.
    /// Once it has ended well, the connection is tried again with what it left.
    pub(super) fn login_by_command(&mut self) -> io::Result<bool> {
        let settings = self.config.settings(&self.state.context.name, &self.flags);
        let Some(words) = settings.login else { return Ok(false) };
        let Some((program, arguments)) = words.value.split_first() else { return Ok(false) };
        // The loop stands still meanwhile, as it must: the terminal belongs to the command. Watches go on reading.
        let ended = self.surface.hand_over(|| {
            println!("kubetui: logging in with {program} …");
            Command::new(program).args(arguments).status()
        })?;
        self.state.dirty = true;
        match ended {
            Ok(status) if status.success() => {
                self.state.message = None;
                self.link.control(Control::Retry);
            }
            Ok(status) => self.state.error(format!("{program} ({}): failed ({status})", words.source)),
            Err(error) => self.state.error(format!("{program} ({}): cannot be run: {error}", words.source)),
        }
        Ok(true)
    }
}
