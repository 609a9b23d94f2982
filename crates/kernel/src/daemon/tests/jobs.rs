use std::io::Write as _;

use super::*;
use crate::api::{
    Code,
    event::{AnswerJob, CancelJob, Started},
    exec::CommandEnd,
};

#[test]
fn a_question_reaches_the_user_and_the_answer_the_job() {
    let daemon = Running::start(BOUNDS);
    let mut user = User::answering(Answer::Yes);
    assert_eq!(daemon.client().run(&Ask {}, &mut user).unwrap(), "Yes");
    assert_eq!(user.asked.len(), 1);
    assert_eq!(user.asked[0].flag, "--yes");
}

#[test]
fn a_secret_answer_is_in_no_event() {
    let daemon = Running::start(BOUNDS);
    let secret = Answer::Secret(crate::secret::Passphrase::new("battery staple".to_owned()));
    let reply = daemon.client().run(&Ask {}, &mut User::answering(secret)).unwrap();
    assert_eq!(reply, "Secret(Passphrase(…))");
}

#[test]
fn a_face_that_cannot_ask_hears_which_flag_answers() {
    let daemon = Running::start(BOUNDS);
    let mut mute = User { mute: true, ..User::default() };
    let error = daemon.client().run(&Ask {}, &mut mute).unwrap_err();
    assert_eq!(error.code, Code::NeedsAnswer);
    assert_eq!(error.hint.unwrap().args, ["--yes"]);
    let error = daemon.client().run(&Ask {}, &mut User::answering(Answer::CannotAsk)).unwrap_err();
    assert_eq!(error.code, Code::NeedsAnswer);
    let error = daemon.client().call(&AskNow {}).unwrap_err();
    assert_eq!(error.code, Code::NeedsAnswer, "a call that is answered at once cannot ask");
}

#[test]
fn a_question_without_an_answer_times_out() {
    let daemon = Running::start(Bounds { question: Duration::from_millis(50), ..BOUNDS });
    let job = started(&daemon, &Ask {});
    let ending = last_event(&daemon, job);
    assert!(ending.contains("nobody answered in time"), "{ending}");
    let late = AnswerJob { job, question: 1, answer: Answer::Yes };
    assert_eq!(daemon.client().call(&late).unwrap_err().code, Code::BadRequest);
}

/// A face that takes its time over a command.
struct Slow;

impl Host for Slow {
    fn can_ask(&self) -> bool {
        true
    }

    fn progress(&mut self, _: &str) {}

    fn ask(&mut self, _: &Question) -> Answer {
        thread::sleep(HASTE.question * 10);
        Answer::Ended(CommandEnd::Exit(0))
    }

    fn interrupts(&self) -> u32 {
        0
    }
}

/// A daemon that soon loses its patience.
const HASTE: Bounds = Bounds { question: Duration::from_millis(50), ..BOUNDS };

#[test]
fn a_command_may_take_as_long_as_its_face_follows() {
    let daemon = Running::start(HASTE);
    assert_eq!(daemon.client().run(&Command {}, &mut Slow).unwrap(), "Ended(Exit(0))");
}

#[test]
fn a_command_whose_face_has_gone_is_given_up() {
    let daemon = Running::start(HASTE);
    let never_followed = started(&daemon, &Command {});
    wait_until("it is given up", || daemon.jobs() == 0);
    assert!(last_event(&daemon, never_followed).contains("nobody answered in time"));

    let mut stream = std::os::unix::net::UnixStream::connect(&daemon.options.socket).unwrap();
    let job = started(&daemon, &Command {});
    stream.write_all(get(&format!("/v1/jobs/{job}/events?after=0")).as_bytes()).unwrap();
    thread::sleep(HASTE.question * 10);
    assert_eq!(daemon.jobs(), 1, "it is waited for");
    drop(stream);
    wait_until("it is given up", || daemon.jobs() == 0);
}

#[test]
fn when_the_face_has_gone_another_can_answer() {
    let daemon = Running::start(BOUNDS);
    let job = started(&daemon, &Ask {});
    wait_until("the question is there", || {
        daemon.client().call(&AnswerJob { job, question: 1, answer: Answer::No }).is_ok()
    });
    assert!(last_event(&daemon, job).contains("\"No\""));
    let twice = AnswerJob { job, question: 1, answer: Answer::Yes };
    assert_eq!(daemon.client().call(&twice).unwrap_err().code, Code::BadRequest);
}

#[test]
fn the_first_interrupt_cancels_at_a_safe_point() {
    let daemon = Running::start(BOUNDS);
    let mut user = User { presses_at: vec!["step 1"], ..User::default() };
    let toil = Toil { steps: 1000, pause: 10, stubborn: false };
    let error = daemon.client().run(&toil, &mut user).unwrap_err();
    assert_eq!((error.code, error.to_string().as_str()), (Code::Cancelled, "cancelled"));
    assert_eq!(daemon.jobs(), 0, "it has ended");
}

#[test]
fn a_waiting_question_is_a_safe_point() {
    let daemon = Running::start(BOUNDS);
    let job = started(&daemon, &Ask {});
    daemon.client().call(&CancelJob { job }).unwrap();
    assert!(last_event(&daemon, job).contains("cancelled"));
}

#[test]
fn the_second_interrupt_detaches_and_the_job_goes_on() {
    let daemon = Running::start(BOUNDS);
    let mut user = User { presses_at: vec!["step 1", "step 2"], ..User::default() };
    let toil = Toil { steps: 20, pause: 20, stubborn: true };
    let error = daemon.client().run(&toil, &mut user).unwrap_err();
    assert_eq!(error.to_string(), "detached; the job goes on");
    assert_eq!(daemon.jobs(), 1);
    wait_until("the job has ended by itself", || daemon.jobs() == 0);
}

#[test]
fn w52_a_lost_connection_never_stops_a_job() {
    let daemon = Running::start(BOUNDS);
    let job = started(&daemon, &Toil { steps: 5, pause: 20, stubborn: false });
    wait_until("the job has ended by itself", || daemon.jobs() == 0);
    assert!(last_event(&daemon, job).contains("\"reply\":5"));
}

#[test]
fn a_follower_that_lost_its_connection_goes_on_where_it_was() {
    let daemon = Running::start(BOUNDS);
    let job = started(&daemon, &Toil { steps: 3, pause: 1, stubborn: false });
    last_event(&daemon, job);
    let rest = raw(&daemon, &get(&format!("/v1/jobs/{job}/events?after=3")));
    assert!(!rest.contains("step 1") && rest.contains("step 2") && rest.contains("\"done\""));
}

#[test]
fn a_fault_is_an_error_of_one_job() {
    let daemon = Running::start(BOUNDS);
    let error = daemon.client().run(&Fault {}, &mut User::default()).unwrap_err();
    assert_eq!(error.code, Code::Internal);
    assert!(!error.to_string().contains("on purpose"), "the message may quote a secret");
    assert_eq!(daemon.jobs(), 0);
}

#[test]
fn w48_jobs_cannot_be_found_by_counting() {
    let daemon = Running::start(BOUNDS);
    let first = started(&daemon, &Toil { steps: 0, pause: 0, stubborn: false });
    let second = started(&daemon, &Toil { steps: 0, pause: 0, stubborn: false });
    assert!(first > 1 << 20 && second.abs_diff(first) > 1 << 20, "{first} {second}");
    for job in [1, 2, first + 1] {
        let answer = raw(&daemon, &get(&format!("/v1/jobs/{job}/events?after=0")));
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
}

/// Starts a job and goes away, as a face that dies would; it said that it can ask.
fn started<C: Call>(daemon: &Running, call: &C) -> u64 {
    let answer = raw(daemon, &post(call, "gpgsmith-can-ask: yes\r\n"));
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let body = answer.split("\r\n\r\n").nth(1).unwrap();
    serde_json::from_str::<Started>(body).unwrap().job
}

/// Follows a job to its end.
fn last_event(daemon: &Running, job: u64) -> String {
    let stream = raw(daemon, &get(&format!("/v1/jobs/{job}/events?after=0")));
    stream.lines().rfind(|line| line.starts_with('{')).unwrap().to_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
}
