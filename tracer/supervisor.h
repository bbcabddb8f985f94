/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_SUPERVISOR_H
#define MONITOR_TRACER_SUPERVISOR_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/limits.h"
#include "event/event.h"
#include "source/source.h"
#include "tracer/arch.h"
#include "tracer/calls.h"
#include "tracer/crowd.h"
#include "tracer/decode.h"
#include "tracer/figures.h"
#include "tracer/filter.h"
#include "tracer/launch.h"
#include "tracer/links.h"
#include "tracer/lookup.h"
#include "tracer/near.h"
#include "tracer/reader.h"
#include "tracer/slow.h"
#include "tracer/task_ring.h"
#include "tracer/tracee.h"
#include "tracer/tracer.h"

/*
 * The inside of the tracer: its state, and the functions of the files that lead to one another (a call's entry, stops,
 * results, opens …). What can be read without them has a header of its own. One thread does everything, because ptrace
 * requests belong to one; others only hand descriptors over for it (inject.c) and do what may have to wait (hands.h).
 *
 * Three streams meet in tracer_next(): notifications (entry.c), ptrace stops (stops.c), and the kernel's records of
 * births and ends (loose.c). A stop or a record is turned into told items; each gives one event, and the last one of
 * a stop lets the thread go on. Nothing new is looked at while items wait, so events come in an order that the state
 * can follow: a child's birth before anything that it does.
 */

struct tracer;

enum told_kind {
	TOLD_FIRST, /* a process found through /proc */
	TOLD_BIRTH_PARENT, /* the clone event of the parent … */
	TOLD_BIRTH_CHILD, /* … and of the child */
	TOLD_EXEC,
	TOLD_RESULT, /* the followed call of a stopped thread is done */
	TOLD_LOST, /* a thread is gone whose followed call has no result that we know */
	TOLD_END, /* a thread is gone */
	TOLD_RESUME, /* no event: the thread goes on */
};

struct told {
	enum told_kind kind;
	pid_t tid, pid;
	pid_t parent; /* of a birth: the parent process of tid */
	pid_t child;
	pid_t copy_of; /* TOLD_BIRTH_CHILD: see struct decode_birth */
	bool ids_only; /* of a birth: likewise */
	uint16_t type; /* event type of a birth */
	uint32_t flags; /* PPM clone flags of a birth */
	int status; /* wait status of an end */
	uint64_t ts; /* 0 = now */
	int signal; /* TOLD_RESUME: delivered */
	struct event *event; /* heap. TOLD_LOST: it; TOLD_EXEC: of who has ended meanwhile, NULL = nothing is known */
};

/* what may wait can wait for less; a stop makes four, and the workload's ancestors come first of all */
#define TOLD_MANY 256

/* Of more threads that stop at the same time it may be told in another order than they did */
#define TAKEN_MANY 64

struct told_queue {
	struct told *list; /* heap */
	size_t first, count, room;
};

/* What became of a call that was to be made in its caller's place: an open, and likewise names, connects and sends. */
enum open_way {
	OPEN_DONE, /* made: what the caller gets is pending.value. Of an open it has the descriptor already */
	OPEN_QUEUED, /* opened: the descriptor will be in the caller soon, and is told then (inject.c) */
	OPEN_CHECK, /* not made: the caller makes it, and its event comes from a look behind it (result_later()) */
	OPEN_GONE, /* a signal took the caller away, before Linux 5.19: it makes the call again */
	OPEN_ASIDE, /* a thread is at it: the call is pending again when that comes back (errand.c) */
	OPEN_ENTRY, /* not made: the caller makes it, and it is told by what is seen at its entry */
};

/*
 * The call that waits for the pipeline's answer. There is never more than one: those that wait for something else, for
 * a thread (errand.c) or for their descriptor (inject.c), are kept as copies there and become the pending one again.
 */
struct pending {
	bool active;
	bool notified; /* waits in a notification; else in a seccomp stop of ptrace */
	bool event_due; /* not yet handed out */
	bool answered; /* the call has returned already; what is left is to tell */
	bool answer_due; /* it is to return value as soon as the pipeline has looked at its event */
	bool quiet; /* done, and nobody wants to know of it */
	bool unknown; /* who makes it: the id was another thread's, and the end of that one is to be told first */
	bool repeated; /* figures have counted it when it was caught before */
	bool waits; /* perhaps for another process: it is not to be broken off */
	/* Was tried in the caller's place before it could be told: with which outcome, and what ext was then */
	bool tried;
	enum open_way tried_way;
	struct event_ext ext;
	uint32_t messages, message; /* sendmmsg done in the caller's place: how many, and which is sent now */
	enum figures_way way;
	uint64_t id; /* of the notification */
	uint64_t since; /* when it was caught, epoch ns */
	struct tracee *tracee; /* NULL: nothing is known of the caller, or its end has been told meanwhile */
	struct call call;
	uint64_t cookie; /* event.call of its events */
	int64_t value; /* that the call returns when it is done; negative errno */
	struct arch_regs regs; /* in a seccomp stop */
};

/*
 * What is done in the caller's place and may have to wait for a lock of the kernel: errand.c. The first member of
 * what each kind needs besides. A thread that does it has a copy, and nothing of the tracer.
 */
struct errand {
	void (*act)(struct errand *e);
	/* As act(), if that needs no lock now; false: it does, and nothing was done. NULL = it always does. */
	bool (*quick)(struct errand *e);
	/* On the tracer's thread, behind that: the call is pending, its paths are in t->path and t->second_path. */
	enum open_way (*settle)(struct tracer *t, struct errand *e);
	/* What a thread's copy has of its own, taken and given back. NULL = nothing. */
	bool (*keep)(struct errand *e);
	void (*release)(struct errand *e);
	bool leaves; /* it may leave something behind though its caller is gone */
	char *path, *second_path; /* PATH_MAX bytes each */
	struct reader *reader; /* the tracer's, for release() */
	struct lookup lookup;
	const struct rights_book *book;
	const struct rights *rights; /* the caller's */
};

struct tracer {
	struct source source; /* first: the pipeline's view of us */
	struct tracer_options options;

	/* ---- what is decided before the workload begins ---- */
	struct launch launch;
	struct calls calls;
	bool notifying, seizing; /* calls come as notifications; threads are ours by ptrace */
	bool every_call; /* each call stops: by the backend, or from a listener of the workload's on (foreign.c) */
	bool injects; /* callers can be given descriptors */
	bool finishes; /* and their answer with them */
	bool killable; /* a received notification is not broken off by signals */
	bool guards_memory; /* processes may close to us: what is needed of their memory is opened before */
	bool own_mask; /* the creation mask is this thread's alone */
	bool ring_inherited; /* the command came with a ring of io_uring, and alerts tell of its use */
	uint64_t own_users; /* our user namespace */
	struct own_identity *own; /* identity.c; NULL = nothing is opened in a caller's place (any more) */
	int own_fds; /* /proc/self/fd */
	uint32_t clone_flags[32]; /* PPM flag of each kernel flag bit (birth.c) */
	uint32_t clone_in_pidns;

	/* ---- what the rules want: intercept() ---- */
	struct filter *filter;
	struct filter_messages messages; /* its own */
	struct links *links; /* of the paths that rules compare with; NULL before the first intercept() */
	facts_t facts; /* wanted */
	bool in_full; /* births and execs: somebody looks at the events themselves, or at what changes without a call */
	struct tracer_lack lack; /* what rules were refused for */

	/* ---- what is waited for ---- */
	int listener; /* -1 = none */
	int wait_signal; /* signalfd of SIGCHLD */
	struct task_rings *rings; /* loose.c; NULL = births are learnt by stops */
	bool waits_due; /* SIGCHLD came, waitpid() has not said "no more" yet */
	bool call_waited; /* the next one, for those (wait.c) */
	bool apart; /* some threads are not ours by ptrace: they are looked after by unseized.c */
	uint64_t swept; /* when, last; epoch ns */
	bool hung_up; /* nobody is left under the filter */
	bool end_waits; /* that of the command: the front has not said yet how it was (told.c) */
	uint64_t end_ts; /* when it was; epoch ns */
	bool front_gone;
	bool front_held; /* it stops as the command did, and no stop will tell that this one goes on (unseized.c) */
	struct taken {
		pid_t tid; /* 0 = none, or looked at */
		int status;
		pid_t former; /* of an exec: the id of the thread that made it */
		pid_t freed; /* an id that may be another's since; 0 = none */
	} taken[TAKEN_MANY]; /* what waitpid() has said: the first is the next to be looked at */
	unsigned int taken_first, taken_count;

	/* ---- who there is, and what is to be told ---- */
	struct tracees tracees;
	struct told_queue told;
	struct pending pending;
	uint64_t last_cookie;

	/* ---- the event at hand ---- */
	struct event_builder builder; /* of the event handed out */
	struct event_builder fetched; /* of answers to needs */
	struct decode_memo *memo;
	struct reader *reader;
	struct event_ext ext;
	struct strbuf args, stack; /* of ext */
	struct event *lost; /* heap; the one of TOLD_LOST that was handed out */
	pid_t looked_behind; /* whose call the event at hand tells, by a look behind it; 0 = it tells something else */
	char real_path[PATH_MAX];
	char path[PATH_MAX]; /* of the call at hand: of an open, a name or an exec, or of a result (result.c) */
	char second_path[PATH_MAX]; /* of a call about two names */
	struct stat opened; /* by open.c: call.object points here */

	/* ---- what has been seen of the workload, for good ---- */
	bool others_asked; /* opens may have to be allowed by a process that we hold up ourselves */
	bool mounted; /* something was: files may have other paths, too */
	bool confining; /* somebody has confined itself, and what is born of it is, too */

	/* ---- what calls in the callers' place need ---- */
	struct slow slow;
	uint64_t linked[OPEN_LINKED_PATHS]; /* open.c: hashes of paths that led through symlinks */
	dev_t ordinary_dev; /* open.c: the last device whose file system was found ordinary, and when */
	uint64_t ordinary_since;
	struct crowd crowd;
	struct near near;
	struct errands *errands; /* NULL = none yet */
	struct waiting_exec *execs; /* execs.c: those that wait for another thread's */
	unsigned int errands_away; /* put aside, and not told yet */
	struct hands *unwinders; /* ustack.h; NULL = none yet */
	struct injector *injector; /* inject.c; NULL = not started */
	bool injector_tried;
	unsigned int injections; /* opens that wait there and are not told yet */

	/* ---- what is told of us ---- */
	struct tracer_status status;
	struct source_stats stats;
	struct figures figures;
};

/* Time as events have it. */
static inline uint64_t tracer_now(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/* ---- prepare.c: before the workload begins -------------------------------------------------------------- */

/* Chooses the backend, by trying them. */
int prepare_backend(struct tracer *t, struct error *err);
/* Behind the fork, in the supervisor: all that needs no rules. */
int prepare_supervisor(struct tracer *t, struct error *err);

/* ---- told.c: what a stop tells ------------------------------------------------------------------------- */

/* What memory is short for is counted as dropped; a thread that was to go on behind it goes on. */
void told_add(struct tracer *t, const struct told *told);
/* The end of a thread that is not ours to reap. How the command ended the front says, and until then its end waits. */
void told_end(struct tracer *t, struct tracee *tracee, uint64_t ts);
/* Whether the end of the command waits, and the front has said how it was: then it is to be told. */
bool told_end_comes(struct tracer *t);
void told_free(struct tracer *t);
/* 1 = an event, 0 = nothing left to tell, negative = failure. */
int told_next(struct tracer *t, struct event *ret_event, struct error *err);
/* Finishes an event: extension, counters. */
void told_dress(struct tracer *t, struct event *ev, const struct tracee *tracee);

/* ---- wait.c: what comes next ---------------------------------------------------------------------------- */

/* Waits for a stop or a notification. 1 = an event, 0 = look again, -EINTR = a signal or nothing for long. */
int wait_next(struct tracer *t, struct event *ret_event, struct error *err);

/* ---- fetch.c: what is asked for ------------------------------------------------------------------------ */

int fetch_needs(struct source *s, const struct needs *needs, source_sink sink, void *context, struct error *err);
/* A process at first sight. */
int fetch_task(const struct tracer *t, pid_t tid, uint64_t ts, struct event_builder *b, struct event *ret_event,
	       struct error *err);
/* The workload's ancestors are told first: rules ask for them, and no event will tell. */
void fetch_ancestors(struct tracer *t);
int fetch_describe(struct tracer *t, source_sink sink, void *context, struct error *err);

/* ---- entry.c: calls at their entry --------------------------------------------------------------------- */

/* Makes the notification's call the pending one. */
void entry_take(struct tracer *t, const struct seccomp_notif *n);
/* Takes one notification. 1 = an event, 0 = none of interest, negative = failure. */
int entry_receive(struct tracer *t, struct event *ret_event, struct error *err);
/* The event of the pending call, when it could not be told at once. */
int entry_tell(struct tracer *t, struct event *ret_event, struct error *err);
enum entry_kind {
	ENTRY_OURS, /* our filter, or its plan, caught the call */
	ENTRY_FOREIGN, /* it is of another ABI */
	ENTRY_OTHERS, /* a filter of the workload asks for a tracer of its own */
};
/* The caller stops at its call: registers are read and the call becomes pending (event_due). */
void entry_stopped(struct tracer *t, struct tracee *tracee, enum entry_kind kind);
/* The same for a filter's stop, which is ours or of a filter of the workload. */
void entry_filtered(struct tracer *t, struct tracee *tracee, unsigned long message);
/* The pending call has its answer, since now. */
void entry_done(struct tracer *t, uint64_t now);
/* Lets the pending call into the kernel, or not (value = its result). */
void entry_continue(struct tracer *t);
void entry_return(struct tracer *t, int64_t value);
/*
 * An argument of the pending call could not be read (-EFAULT). True when nothing is mapped there, so that the
 * caller can be told what the kernel would say; false when the page may come as soon as the kernel asks for
 * it (userfaultfd).
 */
bool entry_is_unmapped(const struct tracer *t);
/*
 * What it means that arguments were read with r, zero or negative. 1: they are to be read once more, they are
 * mapped by now; who takes the page away and gives it back all the time would be seen by luck alone.
 * -ENODATA: only the kernel can read them. Else r: that is so. *tries begins with 0.
 */
int entry_fault(const struct tracer *t, int r, unsigned int *tries);
/* The frames that the stopped thread makes its exec from, where they are wanted: the new program has others. */
void entry_exec_stack(struct tracer *t, struct tracee *tracee);

/* ---- caller.c: who makes a call ------------------------------------------------------------------------ */

/* The process of a thread, from /proc; negative when it is gone. */
pid_t caller_tgid(pid_t tid);
/* The parent of a process, likewise; 0: it has none that we can see, or is gone. */
pid_t caller_parent(pid_t pid);
/* A known tracee for tid; one that nothing told of is looked up in /proc, and told. NULL when it is gone. */
struct tracee *caller_tracee(struct tracer *t, pid_t tid);
/*
 * Who makes the pending call becomes known. The first time his id may be known as another's, of whose end is
 * to be told before.
 */
void caller_know(struct tracer *t, bool first);

/* ---- result.c: results --------------------------------------------------------------------------------- */

/* Has the pending call's completed event come out of next() later. -EOPNOTSUPP: the thread cannot be followed. */
int result_later(struct tracer *t);
/* Builds the completed event of a call whose result is known. */
int result_event(struct tracer *t, struct tracee *tracee, const struct call *call, uint64_t cookie,
		 struct event *ret_event, struct error *err);
/*
 * Who was killed before it had its descriptor has none, but the file was made or cut off, or is in a table
 * that others share. It is told with a number that nobody can have.
 */
#define NUMBER_OF_NOBODY INT_MAX
/* The pending call goes on in a thread. leaves: it may do something that is to be told also when its caller is gone. */
void result_aside(struct tracer *t, bool leaves);
/* The event of the pending call as if it had succeeded: nobody will tell the result of a thread that is not ours. */
int result_assume(struct tracer *t, struct event *ret_event, struct error *err);
/* The pending exec is let in by a thread that no stop tells of: its next call says what became of it. */
void result_await_exec(struct tracer *t);
/* That call has come. failed: by the program that made the exec, whose failure is to be told. */
void result_exec_over(struct tracer *t, struct tracee *tracee, bool failed);
/* The thread is gone: what it may have done in a followed call, whose result nobody will see, is to be told. */
void result_lose(struct tracer *t, struct tracee *tracee);
/* Whether the pending call is the one that is followed, made again: it goes on. Else none is followed any more. */
bool result_repeats(struct tracer *t);
/* The followed call of a stopped thread: its event from the registers. 1 = an event, 0 = none. */
int result_tell(struct tracer *t, struct tracee *tracee, struct event *ret_event, struct error *err);

/* ---- guess.c: where paths lead, when nobody sees the call's result ------------------------------------- */

/* That of an open is t->ext's real path, as far as it can be told. */
void guess_real_path(struct tracer *t, const struct call *c, const char *path);
/* Why an exec fails, if it does, as far as its path tells: a negative errno. */
int guess_exec_error(struct tracer *t, const struct tracee *tracee, const struct call *c);
/* What an exec makes a program of, by O_PATH, as far as its path or descriptor tells; negative: that is not known. */
int guess_program(struct tracer *t, const struct tracee *tracee, const struct call *c);

/* ---- become.c: who a caller is behind its call ------------------------------------------------------------ */

/* Where the call changes that, and its own numbers do not tell, ext does. */
void become_tell(const struct tracer *t, const struct call *c, struct event_ext *ext);

/* ---- stops.c: ptrace stops ----------------------------------------------------------------------------- */

/* The options of a thread of the process. */
unsigned long stops_options(const struct tracer *t, const struct process *process);
/* Looks at one report of waitpid(), or at ends; false = there are no more. */
bool stops_take(struct tracer *t);
/* The id is another thread's from here on: what a report that was taken says of the one before comes first. */
void stops_freed(struct tracer *t, pid_t tid);
/* The thread has ended, with what waitpid() has for that. */
void stops_ended(struct tracer *t, pid_t tid, int status);
/* Lets a stopped thread go on, with a signal (0 = none). */
void stops_resume(struct tracer *t, struct tracee *tracee, int signal);
/* Lets children go whose parents died before they could tell of them. */
void stops_adopt(struct tracer *t);
/* At an entry stop: the call is not made and returns value. */
void stops_skip(struct tracer *t, struct tracee *tracee, struct arch_regs *regs, int64_t value);
/*
 * The shell sees the front, which stops as the command does: it must go on when that goes on, or ends. Other
 * ids are left alone.
 */
void stops_wake_front(struct tracer *t, pid_t tid);

/* ---- passing.c: a stop at every call ------------------------------------------------------------------- */

/* A stop of a call: true when it was the entry, and is dealt with. */
bool passing_stop(struct tracer *t, struct tracee *tracee);
/* From here on the workload, which waits for its start, stops at every call. */
int passing_begin(struct tracer *t);

/* ---- unseized.c: threads without a ptrace stop of ours ------------------------------------------------- */

/* A thread is not ours by ptrace from here on. */
void unseized_begin(struct tracer *t, struct tracee *tracee);
/* The kernel has recorded an exec in the process: told, if no stop of ours does that. */
void unseized_executed(struct tracer *t, const struct process *process);
/* Whether the id of such a thread is another's by now: then its end is to be told, and that of its process. */
bool unseized_is_other(struct tracer *t, struct tracee *tracee);
/* Such a thread makes a call: has it executed another program since its last one? Then that is told. */
void unseized_look(struct tracer *t, struct tracee *tracee);
/* Such a thread is let into an exec. */
void unseized_executes(struct tracer *t, struct tracee *tracee);
/* Looks for ends and execs, now and then: true when something is to be told. */
bool unseized_sweep(struct tracer *t);
/* Nobody is left: true when the end of the workload's first process is still to be told. */
bool unseized_end(struct tracer *t);

/* ---- loose.c: threads that no stop tells of until they make a caught call ------------------------------ */

/*
 * Whether the source can tell of births by records now, and is to. 0, or -errno where they were asked for and
 * cannot be had.
 */
int loose_begin(struct tracer *t, const struct intercept_set *set, struct error *err);
/* The event that rules want of births and ends, and that only stops tell in full; 0 = they want none. */
uint16_t loose_lacks(const struct intercept_set *set);
/* What the kernel recorded until now is known, and to be told before anything else: true when there is something. */
bool loose_hear(struct tracer *t);
/* While another thread of its process is in an exec. */
bool loose_others_execute(const struct tracer *t, const struct tracee *tracee);
/* True when the thread is ours by ptrace now: not while another of its process executes a program. */
bool loose_try(const struct tracer *t, struct tracee *tracee);
/*
 * A loose thread waits in a caught call: from here on it is ours by ptrace, or looked after as what debuggers have, or
 * stays loose for that call.
 */
void loose_seize(struct tracer *t, struct tracee *tracee);
/*
 * Signals are about to come to the thread's process: its threads are ours before. signal: one that is sent, and of
 * interest if there is a handler; 0 = of a timer or a file, and the handler may be yet to come.
 */
void loose_expect(struct tracer *t, pid_t tid, int signal);
/* A thread stopped for a signal: true when it got that, and is let go, since it has made no caught call for long. */
bool loose_release(struct tracer *t, struct tracee *tracee, int signal);
/* The front is about to stop as the workload has: who else would see that it goes on? */
void loose_hold_workload(struct tracer *t);
/* Now and then: processors that came on since record nothing. */
void loose_look_around(struct tracer *t);

/* ---- birth.c ------------------------------------------------------------------------------------------- */

void birth_init(struct tracer *t);
/*
 * The pending call makes a child: where its calls come by ptrace alone, it is to be one that is traced, whatever the
 * caller asks for. 0, or a negative errno that is the call's result.
 */
int birth_unhide(struct tracer *t);
/* The thread has stopped behind a call, whose result is an error. */
void birth_failed(struct tracee *tracee, long number);
/* A fork, vfork or clone stop. */
void birth_stop(struct tracer *t, struct tracee *parent, int ptrace_event);
/* The same by the kernel's record: nobody is stopped. The child, NULL when memory is short. */
struct tracee *birth_heard(struct tracer *t, struct tracee *parent, const struct task_record *record, uint64_t ts);

/* ---- calls made in the caller's place ------------------------------------------------------------------- */

/* Opens for the pending call. object_fd of the call is ours to close after OPEN_DONE; t->real_path is set. */
enum open_way open_pending(struct tracer *t);

/*
 * names.c: does what the pending call does to names of files (unlink, rename and their like), where the
 * caller is like us.
 */
enum open_way names_pending(struct tracer *t);

/* send.c: sends the pending call's datagram from a copy of its socket. */
enum open_way send_pending(struct tracer *t);
/*
 * The next message of a sendmmsg() whose first one send_pending() has sent, or send_assume() told: 1 = its event, 0 =
 * there is none, or (the call is not pending any more) not yet.
 */
int send_next(struct tracer *t, struct event *ret_event, struct error *err);
/*
 * The pending call is a sendmmsg() of several messages by a thread whose result nobody will tell: all count as sent,
 * the others than the first by send_next(). False: there is no event of it.
 */
bool send_assume(struct tracer *t, struct event *ret_event, struct error *err);
/* The result that is told of a call made in the caller's place: what went is told so, whatever the caller hears. */
int64_t send_outcome(const struct pending *p);

/*
 * connect.c: makes the pending connect() or bind() of an internet socket, or holds its socket for the look
 * behind it.
 */
enum open_way connect_pending(struct tracer *t);
/*
 * The call on the held socket has succeeded, or goes on: whether its name is what is told, whoever else wrote to the
 * address. Alone: nobody else could.
 */
bool connect_settle(struct held_socket *s, const struct call *c, bool alone);

/*
 * An execve() of t->path that leads nowhere, for the caller as for us, is told at the entry: OPEN_DONE,
 * pending.value. OPEN_CHECK: that is not certain.
 */
enum open_way open_exec_failure(struct tracer *t, size_t path_len);

/* ---- errand.c: what may have to wait for a lock ------------------------------------------------------- */

/*
 * Has the errand done, a struct of size bytes whose first member is e, for the pending call: as its settle() says, or
 * OPEN_ASIDE, or OPEN_CHECK when no thread is left.
 */
enum open_way errand_do(struct tracer *t, struct errand *e, size_t size);
/* For act(): the caller's rights, taken on and given back. Meanwhile nothing is to be asked of other processes. */
bool errand_assume(const struct errand *e);
void errand_return(const struct errand *e);
/* True: one that was put aside is done. Its call is pending, if its caller still waits. */
bool errand_come_back(struct tracer *t);
/* Now and then: who waits for long is told of. */
void errand_look_around(struct tracer *t);
/* Nobody of the workload is left: true when what was done for one of them is to be told. */
bool errand_lose(struct tracer *t);
void errand_free(struct tracer *t);

/* ---- execs.c: of the threads of a process one executes at a time --------------------------------------- */

/* The exec that was received has to wait for another thread's. It is held, and is to be let alone. */
bool execs_hold(struct tracer *t, const struct seccomp_notif *n);
/* True: the other one's is over, and a held exec is to be taken. Not while a call is pending. */
bool execs_come(struct tracer *t, struct seccomp_notif *ret_n);
void execs_free(struct tracer *t);

/* ---- inject.c: descriptors handed over while the next call is looked at -------------------------------- */

/*
 * Takes over the pending open and fd, what it opened, where others wait. False: there is nothing to gain.
 * What is not queued while t->injections is not 0 has to wait with its event, and with whatever takes threads
 * away, until inject_tell() has told them.
 */
bool inject_queue(struct tracer *t, int fd, const struct stat *st, bool cloexec);
/* Nothing more is to be queued before all are told: there is no room, or no gain any more. */
bool inject_is_due(const struct tracer *t);
/*
 * The oldest of t->injections: 1 = its event, 0 = nothing is to be said of it, or (without waiting) it is not
 * done yet.
 */
int inject_tell(struct tracer *t, bool wait, struct event *ret_event, struct error *err);
void inject_free(struct tracer *t);

/* ---- handover.c: processes that the workload traces itself --------------------------------------------- */

/*
 * Whether the pending call is a ptrace() that succeeds only if we let its target go first: its result is not
 * for us to see.
 */
bool handover_due(struct tracer *t);
/* The pending call is ptrace(): what must be let go is let go. True when the call's answer was given or is delayed. */
bool handover_pending(struct tracer *t);
/* The caller executes, and gets the id of its process's first thread: whoever waits to trace that means it then. */
void handover_replace(struct tracer *t, struct tracee *first, struct tracee *caller);
/* The thread has stopped and may be detached: done? */
bool handover_stop(struct tracer *t, struct tracee *tracee, int signal);

/* ---- foreign.c: calls that no rule can look into ------------------------------------------------------- */

/*
 * The pending call is of another ABI than the machine's own (arch as in linux/audit.h, 0 = not known): it
 * gets its answer.
 */
void foreign_call(struct tracer *t, uint32_t arch);
/* The pending call makes or uses a ring. True when it was refused. */
bool foreign_ring(struct tracer *t);
/* Whether the process has a ring, as far as that can be seen. */
bool foreign_has_ring(pid_t pid);
/* The pending call makes a seccomp listener. */
void foreign_listener(struct tracer *t);
/*
 * A call of the thread is told without what lies behind its pointers: its memory could not be looked into
 * (tracees_closed()).
 */
void foreign_closed(struct tracer *t, const struct tracee *tracee);
/*
 * A call of the thread has been looked at; says so if something of its memory did not come in time, and
 * forgets that.
 */
void foreign_late(struct tracer *t, const struct tracee *tracee);
/* A call that is made in the thread's place waits for long; says so. */
void foreign_waits(struct tracer *t, const struct tracee *tracee, long number);

#endif
