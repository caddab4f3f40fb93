//! The names that a theme gives looks to. Drawing code asks for a scope, never for a colour.

macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident = $name:literal,)+) => {
        /// What something on the screen is, as far as its look goes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Scope {
            $($(#[$doc])* $scope,)+
        }

        impl Scope {
            /// All scopes; a scope's place is `scope as usize`.
            pub const ALL: &'static [Scope] = &[$(Scope::$scope),+];

            /// Its name in a theme.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Scope::$scope => $name,)+
                }
            }
        }
    };
}

scopes! {
    /// What lies behind everything. Without a look the terminal's own background stays.
    Background = "ui.background",
    /// Plain text.
    Text = "ui.text",
    /// Text that one need not read: units, hints, what is as always.
    Dim = "ui.dim",
    /// Text that stands out from its line.
    Strong = "ui.strong",
    /// The top line: context and namespaces.
    Header = "ui.header",
    /// The top line of a context in which a mistake is dear.
    HeaderDanger = "ui.header.danger",
    /// The one accent colour.
    Accent = "ui.accent",
    /// The row under the cursor; laid over the looks of its cells.
    Cursor = "ui.cursor",
    /// The row under the cursor of what has not the keyboard.
    CursorInactive = "ui.cursor.inactive",
    /// The bar before the row under the cursor.
    CursorBar = "ui.cursor.bar",
    /// A marked row.
    Mark = "ui.mark",
    /// Selected text.
    Selection = "ui.selection",
    /// Lines that divide.
    Rule = "ui.rule",
    /// The sign before a line that is being typed.
    Prompt = "ui.prompt",
    /// A list or a question that lies over the rest.
    Popup = "ui.popup",
    /// Something failed.
    Error = "ui.error",
    /// Something needs attention.
    Warning = "ui.warning",
    /// Something is worth knowing.
    Info = "ui.info",
    /// A row whose object is gone.
    Gone = "ui.gone",
    /// As it should be.
    Good = "health.good",
    /// On the way.
    Progressing = "health.progressing",
    /// Wrong until somebody does something.
    Bad = "health.bad",
    /// The watch is live.
    Live = "status.live",
    /// The first list is on its way, or the kind is polled.
    Syncing = "status.syncing",
    /// What is seen is old.
    Stale = "status.stale",
    /// The server refuses to show it.
    Forbidden = "status.forbidden",
    /// The tab of the pane that is seen.
    TabActive = "tab.active",
    /// The other tabs.
    TabInactive = "tab.inactive",
    /// The count of what is not healthy, beside a tab's name.
    TabBad = "tab.bad",
    /// A key, in the footer and in the help.
    Key = "key.hint",
    /// What a key does.
    KeyLabel = "key.label",
    /// A key that does nothing now, with its reason.
    KeyDisabled = "key.disabled",
    /// Column headers.
    Head = "table.head",
    /// The header of the column that is sorted by.
    HeadSorted = "table.head.sorted",
    /// The key of a YAML field, a label of a description.
    TextKey = "text.key",
    /// A heading.
    TextHeading = "text.heading",
    /// A string.
    TextString = "text.string",
    /// A number.
    TextNumber = "text.number",
    /// `true`, `null`, …
    TextLiteral = "text.literal",
    /// A comment.
    TextComment = "text.comment",
    /// What a search or a filter found.
    Match = "search.match",
    /// The match that the search stands on.
    MatchCurrent = "search.current",
    /// What is proposed and not yet typed.
    Ghost = "ghost",
    /// A bar of something that is hardly used.
    BarLow = "bar.low",
    /// A bar of something well used.
    BarMid = "bar.mid",
    /// A bar of something nearly used up.
    BarHigh = "bar.high",
}

impl Scope {
    /// The scope of a name.
    pub fn of(name: &str) -> Option<Scope> {
        Scope::ALL.iter().copied().find(|scope| scope.name() == name)
    }

    /// The scope whose look stands in where a theme does not mention this one: `ui.cursor` for `ui.cursor.inactive`.
    pub fn parent(self) -> Option<Scope> {
        let (above, _) = self.name().rsplit_once('.')?;
        Scope::of(above)
    }
}
