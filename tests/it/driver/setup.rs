//! How a program is started in a test.

use super::*;

/// How a program is started.
pub struct Setup<'a> {
    /// The kubeconfig's path.
    pub kubeconfig: &'a Path,
    /// The context; the current one when none is given.
    pub context: Option<&'a str>,
    /// What `-n` or `-A` would say.
    pub scope: Option<Scope>,
    /// The view to open.
    pub resource: Option<&'a str>,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Where the last views are kept; nowhere when none is given.
    pub memory: Option<&'a Path>,
    /// The folder of `config.toml`, themes and key maps; nothing is said when none is given.
    pub settings: Option<&'a Path>,
    /// Where what is written is kept; nowhere when none is given.
    pub journal: Option<&'a Path>,
    /// The program that edits texts outside.
    pub outside: &'a str,
    /// What was piped into the program.
    pub piped: Piped,
    /// What a request may take; what is usual when none is given.
    pub timeout: Option<Duration>,
    /// What the program takes for the time.
    pub clock: Clock,
    /// The names of the commands that it runs, with how often.
    pub ran: Option<Ran>,
}

impl<'a> Setup<'a> {
    /// Everything in all namespaces on 160 × 45, nothing remembered.
    pub fn new(kubeconfig: &'a Path) -> Setup<'a> {
        let clock = Clock::system();
        Setup {
            kubeconfig,
            context: None,
            scope: Some(Scope::All),
            resource: None,
            size: (160, 45),
            memory: None,
            settings: None,
            journal: None,
            outside: "false",
            piped: Piped::default(),
            timeout: None,
            clock,
            ran: None,
        }
    }

    /// As a user of the kubeconfig.
    pub fn context(self, context: &'a str) -> Setup<'a> {
        Setup { context: Some(context), ..self }
    }

    /// In a namespace.
    pub fn namespace(self, namespace: &str) -> Setup<'a> {
        Setup { scope: Some(Scope::one(namespace)), ..self }
    }

    /// With a view.
    pub fn resource(self, resource: &'a str) -> Setup<'a> {
        Setup { resource: Some(resource), ..self }
    }

    /// On a screen of this size.
    pub fn size(self, width: u16, height: u16) -> Setup<'a> {
        Setup { size: (width, height), ..self }
    }

    /// With the views of last time, kept in this file: what the context was left with comes back.
    pub fn remembering(self, memory: &'a Path) -> Setup<'a> {
        Setup { memory: Some(memory), scope: None, ..self }
    }

    /// Without words on the namespaces: those of last time, or the context's own.
    pub fn own_scope(self) -> Setup<'a> {
        Setup { scope: None, ..self }
    }

    /// With a journal in a folder.
    pub fn journal(self, folder: &'a Path) -> Setup<'a> {
        Setup { journal: Some(folder), ..self }
    }

    /// With a program that edits texts outside.
    pub fn outside(self, program: &'a str) -> Setup<'a> {
        Setup { outside: program, ..self }
    }

    /// With a file that is piped into it.
    pub fn piped(self, file: std::fs::File) -> Setup<'a> {
        Setup { piped: Piped::new(Some(file)), ..self }
    }

    /// With a config folder.
    pub fn settings(self, folder: &'a Path) -> Setup<'a> {
        Setup { settings: Some(folder), ..self }
    }

    /// At a time that stands still.
    pub fn at(self, now: Seconds) -> Setup<'a> {
        Setup { clock: Clock::fixed(now), ..self }
    }

    /// Counting the commands that it runs.
    pub fn counting(self, ran: &Ran) -> Setup<'a> {
        Setup { ran: Some(ran.clone()), ..self }
    }

    /// Starts the program.
    pub fn start(self) -> Driver {
        let paths = Paths::of(Some(self.kubeconfig));
        let loaded = Loaded::load(&paths).expect("the kubeconfig can be read");
        let options = Options { context: self.context.map(str::to_owned), timeout: self.timeout, ..Options::default() };
        let target = connect::target(&loaded, &options).expect("the context is there");
        let (theme, problems) = Theme::load(theme::DARK, None, Depth::Truecolor);
        assert!(problems.is_empty(), "{problems:?}");
        let (keymap, problems) = Keymap::load(keymap::DEFAULT, None, &commands::names());
        assert!(problems.is_empty(), "{problems:?}");
        let (config, problems) = Config::load(self.settings);
        assert!(problems.is_empty(), "{problems:?}");
        let context = Context {
            name: target.context.as_str().into(),
            cluster: target.cluster.as_str().into(),
            user: target.user.unwrap_or_default().into(),
            namespace: target.namespace.unwrap_or_default().into(),
            server: target.server.into(),
        };
        let contexts = link::contexts(&loaded);
        let memory = self.memory.map_or_else(Memory::default, |path| Memory::load_from(path.to_owned()));
        let start = Start {
            route: Route { loaded, paths, options },
            scope: self.scope,
            resource: self.resource.map(str::to_owned),
            memory,
            drafts: Drafts::open(self.journal.map(Path::to_owned)),
            outside: self.outside.to_owned(),
            journal: self.journal.map_or_else(Journal::default, |folder| Journal::open(Some(folder.to_owned()))),
            config,
            flags: Flags::default(),
            piped: self.piped,
            problems: Vec::new(),
        };
        let (keys, input) = mpsc::unbounded_channel();
        let (bytes, typed) = mpsc::unbounded_channel();
        let shown = Arc::new(Mutex::new(Shown::default()));
        let terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).expect("a screen");
        let glass = Glass { terminal, input, bytes: typed, traces: Traces::default(), shown: shown.clone() };
        let (signals, told) = mpsc::channel(1);
        let (clock, ran) = (self.clock, self.ran);
        let chosen = Chosen::new(self.settings, Depth::Truecolor, theme::DARK, keymap::DEFAULT);
        let thread = std::thread::spawn(move || {
            let mut state = State::new(clock, theme, keymap, context, contexts, Scope::All);
            state.chosen = chosen;
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
            let work = || runtime.block_on(app::run(start, state, glass, told));
            // Commands are run by the loop, which is on this thread.
            let ended = match ran {
                Some(ran) => tracing::subscriber::with_default(Registry::default().with(Counter(ran)), work),
                None => work(),
            };
            runtime.shutdown_background();
            ended
        });
        Driver { keys, bytes, shown, thread: Some(thread), _signals: signals }
    }
}
