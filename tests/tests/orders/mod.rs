//! Twenty orders of what can happen on two machines with a sync service between them, by whole
//! programs and real gpg. The model test of the kernel has written them out, with what each act
//! came to there: here it has to come to the same, and the same laws hold after it.

mod machine;
mod service;

use std::collections::BTreeSet;

use gpgsmith_tests::{
    extent::some,
    source::{read, root},
};

use self::{
    machine::{Machine, Reader, is_snapshot},
    service::{Files, Service, harm},
};

/// Where the model has written them.
const WRITTEN: &str = "crates/kernel/src/session/model/snapshots/\
    gpgsmith_kernel__session__model__written__twenty_orders_are_written_out_for_whole_programs.snap";

/// An act, on which machine, on which file, and what it came to.
#[derive(Debug)]
struct Line {
    text: String,
    act: String,
    who: usize,
    nth: usize,
    came_to: String,
}

fn orders() -> Vec<Vec<Line>> {
    let text = read(&root().join(WRITTEN));
    let (_, text) = text.split_once("\n---\n").unwrap();
    let orders = text.trim_start().split("order ").skip(1);
    orders.map(|order| order.lines().skip(1).map(line).collect()).collect()
}

fn line(text: &str) -> Line {
    let (act, came_to) = text.split_once(": ").unwrap();
    let words: Vec<&str> = act.split(' ').collect();
    Line {
        text: text.to_owned(),
        act: words[0].to_owned(),
        who: ["laptop", "desk"].iter().position(|name| *name == words[1]).unwrap(),
        nth: words.get(2).map_or(0, |nth| nth.parse().unwrap()),
        came_to: came_to.to_owned(),
    }
}

#[test]
fn whole_programs_come_to_what_the_model_came_to() {
    let orders = orders();
    assert_eq!(orders.len(), 20);
    for (nr, order) in some(orders.iter().enumerate(), 10, 2) {
        let mut world = World::new();
        for line in order {
            world.story.push(line.text.clone());
            world.play(line);
        }
        world.assert_nothing_finished_is_lost(nr);
    }
}

struct World {
    machines: [Machine; 2],
    service: Service,
    reader: Reader,
    finished: BTreeSet<String>,
    given_up: BTreeSet<String>,
    harmed: bool,
    story: Vec<String>,
}

impl World {
    fn new() -> Self {
        let machines = ["laptop", "desk"].map(Machine::new);
        let service = Service::of(&machines[0].files());
        Self {
            machines,
            service,
            reader: Reader::default(),
            finished: BTreeSet::new(),
            given_up: BTreeSet::new(),
            harmed: false,
            story: Vec::new(),
        }
    }

    fn play(&mut self, line: &Line) {
        let machine = &self.machines[line.who];
        let local = machine.files();
        match line.act.as_str() {
            "sync" => {
                for name in self.service.pending(line.who, &local) {
                    let changes = self.service.deliver(line.who, &machine.files(), &name);
                    machine.place(changes);
                }
            }
            "deliver" => {
                let pending = self.service.pending(line.who, &local);
                if !pending.is_empty() {
                    let name = &pending[line.nth % pending.len()];
                    machine.place(self.service.deliver(line.who, &local, name));
                }
            }
            "truncate" | "delete" | "copy" | "rollback" | "replay" => {
                if let Some(change) = harm(&line.act, &local, line.nth) {
                    machine.place(vec![change]);
                    self.harmed = true;
                }
            }
            _ => self.program(line, &local),
        }
    }

    /// An act of the program, held against the laws.
    fn program(&mut self, line: &Line, before: &Files) {
        if line.came_to == "sealed" || line.came_to == "forked" || line.act == "kill-in-seal" {
            self.machines.iter().for_each(Machine::wait_until_names_are_later);
        }
        let step = format!("step{}", self.story.len());
        let story = self.story.join("\n");
        let machine = &self.machines[line.who];
        let ran = machine.act(&line.act, &step);
        let after = machine.files();
        if let Some(run) = &ran {
            let (code, phrase) = expected(&line.came_to);
            assert_eq!(run.code, Some(code), "{run}\nafter\n{story}");
            assert!(run.stderr.contains(phrase), "{phrase}: {run}\nafter\n{story}");
            let told_of_a_fork = run.stderr.contains(expected("fork told").1);
            assert!(!told_of_a_fork || line.came_to == "fork told", "{run}\nafter\n{story}");
        }
        for (name, bytes) in before.iter().filter(|(name, _)| is_snapshot(name)) {
            assert_eq!(after.get(name), Some(bytes), "{name} is not what it was, after\n{story}");
        }
        let (held, holds) = (self.reader.steps(before), self.reader.steps(&after));
        let lost: BTreeSet<_> = held.difference(&holds).cloned().collect();
        let gives_up = ["fresh", "discard"].contains(&line.act.as_str());
        assert!(gives_up || lost.is_empty(), "{lost:?} are lost after\n{story}");
        self.given_up.extend(lost);
        if line.came_to == "stepped" || line.act == "kill-in-step" {
            assert!(holds.contains(&step), "{step} is in no file after\n{story}");
            self.finished.insert(step);
        }
    }

    /// Without harm, every finished step is somewhere still, unless it was given up.
    fn assert_nothing_finished_is_lost(&mut self, nr: usize) {
        let story = self.story.join("\n");
        let mut somewhere = self.reader.steps(&self.service.cloud);
        for machine in &self.machines {
            somewhere.extend(self.reader.steps(&machine.files()));
        }
        let lost: Vec<_> = self
            .finished
            .iter()
            .filter(|step| !somewhere.contains(*step) && !self.given_up.contains(*step))
            .collect();
        assert!(self.harmed || lost.is_empty(), "order {nr}: {lost:?} are lost after\n{story}");
    }
}

/// How a program ends, and what it says, where the model came to this.
fn expected(came_to: &str) -> (i32, &'static str) {
    match came_to {
        "fork told" => (0, "does not hold the work in"),
        "unfinished work told" => (6, "There is unfinished work"),
        "divergence told" => (4, "another machine has sealed"),
        "rollback told" => (4, "which this machine saw last"),
        "replay told" => (4, "is the older snapshot"),
        "damage told" => (1, "vault"),
        _ => (0, ""),
    }
}
