//! A world: machines, the service between them, and one act after the other with its laws.

use std::{fmt::Write as _, time::Duration};

use super::{
    act::{Act, Harm, Who},
    bounds::outcome,
    content,
    laws::Broken,
    machine::{MASTER, Machine},
    program,
    service::Service,
};
use crate::session::Session;

/// Everything there is.
#[derive(Debug)]
pub(super) struct World {
    _root: tempfile::TempDir,
    pub(super) machines: Vec<Machine>,
    pub(super) service: Service,
    /// Whether the service has done any harm yet.
    pub(super) harmed: bool,
    /// What happened, a line for each act.
    pub(super) story: String,
    /// What the last act came to, in a word.
    pub(super) came_to: &'static str,
}

impl World {
    /// `count` machines whose directories are in step, with one vault that has a master key;
    /// nothing is open.
    pub(super) async fn new(count: usize) -> Self {
        let root = content::in_ram();
        let start = "2026-11-25T12:00:00Z".parse().unwrap();
        let mut machines: Vec<Machine> =
            (0..count).map(|n| Machine::new(Who(n), root.path(), start)).collect();
        for machine in &machines {
            std::fs::create_dir_all(machine.vault_dir()).unwrap();
        }
        let first = &mut machines[0];
        let created = Session::create(&first.vault(), &first.entry(), first.opts()).await;
        first.opened(created).unwrap();
        first.make_key(MASTER).await;
        first.clock.advance(Duration::from_secs(1));
        let session = first.session.take().unwrap();
        session.seal("key").await.unwrap();
        let mut service = Service::default();
        for machine in &mut machines {
            machine.anchor = Some(MASTER.to_owned());
            service.sync(machine);
        }
        let (story, came_to) = (String::new(), "");
        let world = Self { _root: root, machines, service, harmed: false, story, came_to };
        world.pass(60);
        world
    }

    pub(super) fn pass(&self, seconds: u32) {
        for machine in &self.machines {
            machine.clock.advance(Duration::from_secs(seconds.into()));
        }
    }

    /// Lets one thing happen, and holds what it did against the laws.
    pub(super) async fn act(&mut self, act: Act) -> Result<(), Broken> {
        self.came_to = "done";
        let told = match act {
            Act::Wait(seconds) => {
                self.pass(seconds);
                Ok(String::new())
            }
            Act::Sync(who) => Ok(self.sync(who)),
            Act::Deliver(who, nth) => Ok(self.deliver(who, nth)),
            Act::Harm(who, harm, nth) => Ok(self.harm(who, harm, nth)),
            act => self.program(act).await,
        };
        let told = told.map_err(|broken| self.with_story(act, &broken))?;
        writeln!(self.story, "  {act:?}: {told}").unwrap();
        Ok(())
    }

    fn with_story(&self, act: Act, broken: &Broken) -> Broken {
        Broken(format!("{}\nafter\n{}  {act:?}", broken.0, self.story))
    }

    fn sync(&mut self, who: Who) -> String {
        let Some(machine) = self.machines.get(who.0) else { return "nobody".to_owned() };
        format!("{} changes", self.service.sync(machine))
    }

    fn deliver(&mut self, who: Who, nth: u8) -> String {
        let Some(machine) = self.machines.get(who.0) else { return "nobody".to_owned() };
        let local = machine.files();
        self.service.agree(who, &local);
        let pending = self.service.pending(&local);
        let Some(name) = pick(&pending, nth) else { return "nothing".to_owned() };
        let (changes, how) = self.service.deliver(who, &local, name);
        machine.place_all(&changes);
        format!("{name}: {how}")
    }

    /// An act of the program of one machine.
    async fn program(&mut self, act: Act) -> Result<String, Broken> {
        let machine = program::who(act).and_then(|who| self.machines.get_mut(who.0));
        let Some(machine) = machine else { return Ok("nobody".to_owned()) };
        let done = program::run(machine, act, self.harmed).await?;
        self.came_to = outcome(act, &done, machine);
        Ok(done.to_string())
    }

    fn harm(&mut self, who: Who, harm: Harm, nth: u8) -> String {
        let Some(machine) = self.machines.get(who.0) else { return "nobody".to_owned() };
        let Some((name, bytes)) = super::harm::harm(&machine.files(), (harm, nth)) else {
            return "nothing to harm".to_owned();
        };
        machine.place(&name, bytes.as_ref());
        self.harmed = true;
        name
    }
}

/// The `nth` of `from`, counted around.
pub(super) fn pick<T>(from: &[T], nth: u8) -> Option<&T> {
    from.get(usize::from(nth).checked_rem(from.len())?)
}
