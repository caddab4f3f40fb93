//! The editor of an object's YAML: a buffer, what is known of the field under the cursor, what is wrong and where. What takes
//! time is done by tasks (`app`), of the newest version alone; nothing here waits, and no key costs more than what is on the
//! screen.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kinds::schema::{Spotted, Type};
use crate::kinds::shown::is_secret;
use crate::kinds::taken::{Merge, Moved};
use crate::model::draft::{Draft, names_secret};
use crate::model::kind::Kind;
use crate::model::reference::Reference;
use crate::view::text_view::number;

pub mod buffer;
mod find;
mod motion;
pub mod names;
mod paint;
mod popup;
mod screen;
mod signs;
mod typing;

pub use motion::Move;
pub use popup::{Popup, spot};
pub use signs::Sign;

use buffer::{At, Buffer, at};
use find::Find;
use names::Names;
use paint::Paint;

/// After the last change the text is checked when so much time went by.
pub const SETTLE: Duration = Duration::from_millis(120);

/// How far a text has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The object is being read.
    Loading,
    /// It is there to be edited.
    Ready,
    /// It cannot be read, and why.
    Failed(Arc<str>),
}

/// What became of the object since its editor knows it.
#[derive(Clone, Debug, PartialEq)]
pub enum Meanwhile {
    /// Nothing that one would tell.
    Nothing,
    /// Others have changed it.
    Changed(Moved),
    /// It is not there any more.
    Gone,
}

/// What a text is held against. It may hold values of a Secret.
#[derive(Clone, Default)]
struct Ground {
    /// The object as it was read, or as it was saved last, with what others did since as far as that is in the text; `null`
    /// where it is to be made.
    base: Arc<Value>,
    /// The object as the server gave it last to the text.
    known: Arc<Value>,
}

/// See the module. A Secret's is in memory only.
pub struct Editor {
    /// Names it to whoever works for it.
    pub id: u64,
    /// The object; `None` while there is none yet.
    pub subject: Option<Reference>,
    /// Its kind.
    pub kind: Arc<Kind>,
    /// What the text is held against: as it was begun, and from each change on that put in what others did.
    grounds: Vec<Ground>,
    /// The context that it belongs to.
    pub context: Arc<str>,
    /// That context's server.
    pub server: Arc<str>,
    /// It is opened for a program outside: that gets the text as soon as it is there.
    pub outside: bool,
    /// What they have done since.
    pub meanwhile: Meanwhile,
    /// What stands in the top line.
    pub title: Arc<str>,
    /// How far it has come.
    pub stage: Stage,
    /// The text.
    pub buffer: Buffer,
    /// The kind's schema, once it has come.
    pub schema: Option<Type>,
    /// Why there is none.
    pub schemaless: Option<Arc<str>>,
    /// What the server said of no place in particular; until the next change.
    pub said: Vec<String>,
    /// What the last key could not do, to be said.
    pub note: Option<String>,
    /// The list of what could stand at the cursor.
    pub popup: Option<Popup>,
    /// Names that exist in the cluster.
    pub names: Names,
    /// First line on the screen.
    pub top: usize,
    /// First column on the screen.
    pub left: usize,
    /// Rows of text that fit on the screen, as last drawn.
    pub height: usize,
    /// Columns of text that fit.
    pub width: usize,
    /// It is to be left once it is saved.
    pub leaving: bool,
    signs: Vec<Sign>,
    paint: Paint,
    find: Option<Find>,
    /// What was copied here last.
    clip: String,
    /// The column that moves up and down keep to.
    goal: Option<usize>,
    /// The cursor is to be seen.
    follow: bool,
    /// When the text was changed last.
    since: Instant,
    /// The version that the marks are of.
    proved: u64,
    /// A check is on its way.
    checking: bool,
    /// What is known of the cursor's place, of a version and place.
    spotted: Option<((u64, At), Spotted)>,
    /// A look at a place is on its way.
    spotting: Option<(u64, At)>,
    /// The word stood in the text: it may be one whatever it was begun as.
    secret: bool,
}

/// It may hold values of a Secret: what is logged of it is how long it is.
impl fmt::Debug for Editor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Editor {} of {} bytes", self.id, self.buffer.bytes())
    }
}

impl Editor {
    /// For an object that is yet to be read.
    pub fn of(subject: Reference) -> Editor {
        let title = format!("{} edit", subject.title());
        Editor { subject: Some(subject.clone()), ..Editor::empty(subject.kind, title.into()) }
    }

    /// With the text of an object that is to be made.
    pub fn new_object(kind: Arc<Kind>, text: &str, title: impl Into<Arc<str>>) -> Editor {
        let buffer = Buffer::new(text);
        Editor { stage: Stage::Ready, buffer, secret: names_secret(text), ..Editor::empty(kind, title.into()) }
    }

    fn empty(kind: Arc<Kind>, title: Arc<str>) -> Editor {
        Editor {
            id: number(),
            subject: None,
            kind,
            grounds: vec![Ground::default()],
            meanwhile: Meanwhile::Nothing,
            context: "".into(),
            server: "".into(),
            outside: false,
            title,
            stage: Stage::Loading,
            buffer: Buffer::default(),
            schema: None,
            schemaless: None,
            said: Vec::new(),
            note: None,
            popup: None,
            names: Names::default(),
            top: 0,
            left: 0,
            height: 20,
            width: 80,
            leaving: false,
            signs: Vec::new(),
            paint: Paint::default(),
            find: None,
            clip: String::new(),
            goal: None,
            follow: true,
            since: Instant::now(),
            proved: 0,
            checking: false,
            spotted: None,
            spotting: None,
            secret: false,
        }
    }

    /// One that was left unsaved, as it was: begun as `base`, of an object that was `known` then.
    pub fn restored(&mut self, base: Arc<Value>, known: Arc<Value>, begun: &str, typed: &str) {
        self.opened(Ok((base.clone(), begun.to_owned())));
        self.stand_on(Ground { base, known });
        self.set_text(typed);
    }

    /// The object came, or why it cannot. One that has come already is not replaced: something may have been typed.
    pub fn opened(&mut self, object: Result<(Arc<Value>, String), Arc<str>>) {
        if self.is_ready() {
            return;
        }
        match object {
            Ok((object, text)) => {
                self.buffer = Buffer::new(&text);
                self.paint = Paint::default();
                self.stand_on(Ground { base: object.clone(), known: object });
                self.stage = Stage::Ready;
            }
            Err(why) => self.stage = Stage::Failed(why),
        }
    }

    /// What it is of, in a sentence.
    pub fn name(&self) -> String {
        self.subject.as_ref().map_or_else(|| self.title.to_string(), Reference::title)
    }

    /// There is a text to type into.
    pub fn is_ready(&self) -> bool {
        self.stage == Stage::Ready
    }

    /// Its values are to stand on no disk.
    pub fn is_secret(&self) -> bool {
        self.secret || is_secret(&self.kind)
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.buffer.text()
    }

    /// Something was typed that is not saved. A text that is to be made is not saved until it is made.
    pub fn is_changed(&self) -> bool {
        self.is_ready() && !self.buffer.is_stored()
    }

    /// Another text, as one change that can be undone; the cursor stays in its line.
    pub fn set_text(&mut self, text: &str) {
        if !self.is_ready() {
            self.buffer = Buffer::default();
            self.stage = Stage::Ready;
        }
        let end = self.buffer.within(at(usize::MAX, usize::MAX));
        let here = self.buffer.cursor();
        self.buffer.begin();
        self.buffer.replace(At::default(), end, text);
        self.buffer.go(here, false);
        self.buffer.end();
        self.changed();
    }

    fn ground(&self) -> &Ground {
        match self.grounds.as_slice() {
            // Nearly always: nothing of others' was put into the text.
            [only] => only,
            all => all.get(self.buffer.tag()).unwrap_or(&all[0]),
        }
    }

    /// From here on the text is held against this, whatever is undone. What put others' changes into it cannot be undone any
    /// more: without them it would be somebody's wish to take them back.
    fn stand_on(&mut self, ground: Ground) {
        self.grounds = vec![ground];
        self.buffer.untag();
        self.meanwhile = Meanwhile::Nothing;
    }

    /// What the text is held against: what differs from it was typed.
    pub fn base(&self) -> &Arc<Value> {
        &self.ground().base
    }

    /// The object as others had made it when the text last heard of it.
    pub fn known(&self) -> &Arc<Value> {
        &self.ground().known
    }

    /// What others have changed, put into the text: one change. Where it is undone, the text is held against what it was before.
    pub fn take_in(&mut self, Merge { taken, base, known }: Merge) {
        let untouched = !self.is_changed();
        // What they have done since is another matter.
        let newest = matches!(&self.meanwhile, Meanwhile::Changed(moved) if Arc::ptr_eq(&moved.object, &known));
        let here = self.buffer.cursor();
        self.set_text(&taken.text);
        self.buffer.go(at(taken.row(here.row), here.byte), false);
        if untouched {
            // Nobody has typed it, nor takes anything back by taking it out.
            self.buffer.store_too();
        }
        self.buffer.put_tag(self.grounds.len());
        self.grounds.push(Ground { base, known });
        if newest {
            self.meanwhile = Meanwhile::Nothing;
        }
    }

    /// The text as it is to be stored now.
    pub fn draft(&mut self) -> Draft {
        let text: Arc<str> = self.text().into();
        self.popup = None;
        self.leaving = false;
        self.said.clear();
        Draft { editor: self.id, text, base: self.base().clone(), seen: self.known().clone(), answers: None }
    }

    /// A text that was sent is stored, as this object. What is typed from here on is held against what was written, with what the
    /// server has made of it (`known`) as somebody else's doing. Whether the schema is another one now.
    pub fn saved(&mut self, text: &str, of: &Reference, written: Arc<Value>, known: Arc<Value>) -> bool {
        // What was typed meanwhile is not.
        if self.text() == text {
            let mark = self.buffer.mark();
            self.buffer.store(mark);
        } else {
            self.buffer.unstored();
        }
        self.signs.retain(|sign| !sign.server);
        self.said.clear();
        // What others did since is heard of anew.
        self.stand_on(Ground { base: written, known });
        let other = self.kind != of.kind;
        if self.subject.as_ref() != Some(of) {
            self.kind = of.kind.clone();
            self.title = format!("{} edit", of.title()).into();
            self.subject = Some(of.clone());
            // It has a name and a UID now: what was right for a new object may be wrong for this one.
            self.proved = 0;
        }
        other
    }

    /// After each change: what was known of the lines that were touched is known no more.
    pub fn changed(&mut self) {
        for touched in self.buffer.take_touched() {
            self.secret = self.secret || (touched.row..touched.row + touched.after).any(|row| names_secret(self.buffer.line(row)));
            self.paint.touched(&touched);
            self.shift_signs(&touched);
        }
        self.since = Instant::now();
        self.follow = true;
        self.goal = None;
        self.leaving = false;
        self.said.clear();
    }

    /// Takes the last change back, or makes it again. False where there is none.
    pub fn undo(&mut self, back: bool) -> bool {
        self.popup = None;
        let done = if back { self.buffer.undo() } else { self.buffer.redo() };
        if done {
            self.changed();
        }
        done
    }

    /// Puts the list, what is selected or the search away. False where none of them is there.
    pub fn peel(&mut self) -> bool {
        if self.popup.take().is_some() {
            return true;
        }
        if self.buffer.selection().is_some() {
            self.buffer.go(self.buffer.cursor(), false);
            // What is searched for is selected where it is found: one key puts both away.
            self.find = None;
            return true;
        }
        self.find.take().is_some()
    }

    /// When the text is to be checked; `None` while that is done, or on its way.
    pub fn check_due(&self) -> Option<Instant> {
        let due = self.is_ready() && !self.checking && self.proved != self.buffer.version();
        due.then(|| if self.proved == 0 { self.since } else { self.since + SETTLE })
    }

    /// A check begins: of which version.
    pub fn begin_check(&mut self) -> u64 {
        self.checking = true;
        self.buffer.version()
    }

    /// A look at a place begins.
    pub fn begin_spot(&mut self, of: (u64, At)) {
        self.spotting = Some(of);
    }

    /// The schema came, or why there is none.
    pub fn described(&mut self, schema: Result<Type, Arc<str>>) {
        match schema {
            Ok(schema) => (self.schema, self.schemaless) = (Some(schema), None),
            Err(why) => self.schemaless = Some(why),
        }
        // What was checked without it is checked again.
        (self.proved, self.spotted) = (0, None);
    }

    /// Names came that exist in the cluster.
    pub fn named(&mut self, named: crate::kinds::named::Named, names: Vec<String>) {
        self.names.put(named, names);
        self.spotted = None;
    }
}

#[cfg(test)]
mod tests;
