/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/tracer.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "tracer/hands.h"
#include "tracer/place.h"
#include "tracer/procfs.h"
#include "tracer/supervisor.h"

static struct tracer *tracer_of(struct source *s)
{
	return (struct tracer *)s;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static const struct source_ops tracer_ops;

int tracer_open(const struct tracer_options *options, struct source **ret_source, struct error *err)
{
	struct launch_command command = { .argv = options->argv, .stack = options->stack };
	auto_source struct source *source = NULL;
	struct tracer *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return error_set(err, -ENOMEM, "out of memory");
	source = &t->source;
	t->own_users = procfs_namespace(0, "ns/user");
	t->source.ops = &tracer_ops;
	t->source.traits = SOURCE_SYNCHRONOUS | SOURCE_LEAVES_IDS;
	t->options = *options;
	t->listener = t->wait_signal = t->slow.fd = t->own_fds = t->crowd.loads = t->launch.control = t->launch.go = -1;
	t->reader = reader_new();
	t->memo = t->reader ? decode_memo_new(t->reader) : NULL;
	if (!t->memo || tracees_init(&t->tracees, t->reader) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	/* whoever ignores it has children of whom nobody learns how they ended */
	command.ignores_children = signal(SIGCHLD, SIG_DFL) == SIG_IGN;
	r = place_lets_live(err);
	if (r == 0)
		r = prepare_backend(t, err);
	if (r < 0)
		return r;
	r = launch_fork(&command, &t->launch, err);
	if (r < 0)
		return r;
	/* no filter makes calls fail when nobody looks: so always */
	atomic_store(&t->launch.shared->kill_on_exit, t->options.on_exit == TRACER_ON_EXIT_KILL || t->every_call);
	r = prepare_supervisor(t, err);
	if (r < 0)
		return r;
	*ret_source = take_ptr(source);
	return 0;
}

/* ---- the vtable ---------------------------------------------------------------------------------------- */

/* Births are told in full where they are more to somebody than the word that a process has a copy. */
static bool wants_in_full(const struct tracer *t, const struct intercept_set *set)
{
	/* a source that does not see credentials and namespaces change cannot say "as its parent" */
	uint16_t shown = loose_lacks(set);

	return t->options.tell_all || !t->own || set->facts & FACT_RESOURCE || (shown && shown != EV_PROCEXIT_1_E);
}

static bool lacks_call(struct tracer *t, long number)
{
	const struct syscall_info *info = number < 0 ? NULL : syscall_by_number(number);

	t->lack = (struct tracer_lack){ info ? info->event : 0, "the call ", info ? info->name : "?",
					"the running command's filter lets it pass", "--intercept all" };
	return number >= 0;
}

static bool lacks_births(struct tracer *t, const struct intercept_set *set)
{
	uint16_t event = loose_lacks(set);

	t->lack =
		(struct tracer_lack){ event, "", event == EV_PROCEXIT_1_E ? "ends of processes" : "births of processes",
				      "the running command does not stop for them", "--births stops" };
	return event || wants_in_full(t, set);
}

/*
 * Other rules while the workload runs: its filter stays, so what they want must be caught already. Takes
 * links when it succeeds.
 */
static int follow(struct tracer *t, const struct intercept_set *set, struct filter *wanted, struct links **links,
		  struct error *err)
{
	if (!t->every_call && lacks_call(t, filter_missing(t->filter, wanted)))
		return error_set(err, -EOPNOTSUPP,
				 "the new rules need %s calls, which the running workload's filter lets pass",
				 t->lack.name);
	if (t->rings && lacks_births(t, set))
		return error_set(
			err, -EOPNOTSUPP,
			"the new rules look at births or ends of processes, for which the running workload does not stop");
	t->facts = set->facts;
	t->in_full = wants_in_full(t, set);
	filter_follow(t->filter, wanted);
	links_free(t->links);
	t->links = take_ptr(*links);
	return 0;
}

static int seize_workload(struct tracer *t, struct error *err)
{
	struct tracee *workload = tracees_find(&t->tracees, t->launch.workload);

	if (t->seizing &&
	    ptrace(PTRACE_SEIZE, t->launch.workload, NULL, (void *)stops_options(t, workload->process)) < 0)
		return error_errno(err, -errno, "the workload cannot be traced");
	workload->seized = t->seizing;
	if (!t->seizing)
		unseized_begin(t, workload);
	return 0;
}

static struct filter_options filter_options_of(const struct tracer *t)
{
	return (struct filter_options){
		.on_behalf = t->own,
		.handover = t->notifying && t->seizing,
		.watch_io_uring = t->options.io_uring != TRACER_ALLOW,
		.watch_listeners = !t->every_call,
		.watch_dumpable = t->guards_memory,
		.watch_affinity = t->near.possible,
		.watch_faults = t->tracees.direct || t->own,
		.watch_mounts = true,
		.watch_ends = !t->seizing,
		.watch_execs = t->rings,
		.watch_timers = t->rings,
		.watch_births = t->seizing && !t->rings,
		.use_io_uring = t->options.io_uring == TRACER_DENY || t->ring_inherited,
		.protect = getpid(),
		.protect_programs = t->options.starts_programs,
	};
}

/* The workload, which waits for its start, is ours, and begins below the filter, or to stop at every call. */
static int start_workload(struct tracer *t, const struct filter *filter, struct error *err)
{
	auto_free struct sock_filter *program = NULL;
	size_t length = 0;
	int r = seize_workload(t, err);

	if (r < 0)
		return r;
	if (t->every_call) {
		r = passing_begin(t);
		if (r < 0)
			return error_errno(err, r, "the workload cannot be stopped");
	} else {
		t->messages = filter_messages_new();
		r = filter_program(filter, t->notifying ? FILTER_NOTIFY : FILTER_TRACE, t->messages, &program,
				   &length, err);
		if (r < 0)
			return r;
	}
	return launch_start(&t->launch, program, length, t->notifying, &t->listener, err);
}

static int tracer_intercept(struct source *s, const struct intercept_set *set, struct error *err)
{
	struct tracer *t = tracer_of(s);
	auto_filter struct filter *filter = NULL;
	auto_links struct links *links = NULL;
	struct filter_options options;
	int r;

	if (!t->filter) {
		t->in_full = wants_in_full(t, set);
		t->ring_inherited = t->options.io_uring == TRACER_ALERT && foreign_has_ring(t->launch.workload);
		r = loose_begin(t, set, err);
		if (r < 0)
			return r;
	}
	options = filter_options_of(t);
	r = filter_new(set, &t->calls, &options, &filter, err);
	if (r < 0)
		return r;
	r = links_new(set->paths, set->npaths, &links);
	if (r < 0)
		return error_set(err, r, "out of memory");
	if (t->filter)
		return follow(t, set, filter, &links, err);
	r = start_workload(t, filter, err);
	if (r < 0)
		return r;
	t->facts = set->facts;
	t->filter = take_ptr(filter);
	t->links = take_ptr(links);
	t->killable = atomic_load(&t->launch.shared->killable);
	t->hung_up = t->listener < 0;
	t->waits_due = true;
	if (t->listener >= 0)
		crowd_begin(t);
	return 0;
}

static void count_seized(void *context, struct tracee *tracee)
{
	*(size_t *)context += tracee->seized;
}

static bool is_over(struct tracer *t)
{
	size_t seized = 0;

	if (!t->hung_up)
		return false;
	tracees_each(&t->tracees, count_seized, &seized);
	return seized == 0;
}

/* The pipeline is back: what was to be answered then is. 1 = the next event of a call that has several. */
static int answer_pending(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pending *p = &t->pending;
	int r;

	if (p->active && p->answer_due) {
		r = send_next(t, ret_event, err);
		if (r != 0)
			return r;
		if (p->active)
			entry_return(t, p->value);
	} else if (p->active && !p->event_due) {
		r = send_next(t, ret_event, err);
		if (r != 0)
			return r;
		entry_continue(t); /* an answer was owed */
	}
	return 0;
}

static int tracer_next(struct source *s, struct event *ret_event, struct error *err)
{
	struct tracer *t = tracer_of(s);
	struct seccomp_notif held;
	int r;

	for (;;) {
		/* the first time round, but for calls whose event could not be made: memory is short */
		r = answer_pending(t, ret_event, err);
		if (r != 0)
			return r;
		/* items come behind the opens that are not told yet, and may take their threads away */
		r = t->injections ? 0 : told_next(t, ret_event, err);
		if (r != 0)
			return r;
		if (t->injections) {
			bool due = t->told.count || (t->pending.active && t->pending.event_due) || t->waits_due ||
				   inject_is_due(t);

			r = inject_tell(t, due, ret_event, err);
			if (r != 0)
				return r;
			if (due)
				continue;
		}
		if (t->pending.active && t->pending.event_due) {
			t->pending.call.ts = tracer_now(); /* behind what was told before it */
			r = entry_tell(t, ret_event, err);
			if (r != 0)
				return r;
			continue;
		}
		if (loose_hear(t) || errand_come_back(t))
			continue;
		if (execs_come(t, &held)) {
			entry_take(t, &held);
			continue;
		}
		if (t->waits_due) {
			t->waits_due = stops_take(t);
			continue;
		}
		if (is_over(t)) {
			if (errand_lose(t))
				continue;
			if ((t->seizing && !t->rings) || !unseized_end(t))
				return -ENODATA;
			continue;
		}
		r = wait_next(t, ret_event, err);
		if (r == -EINTR)
			return 0;
		if (r != 0)
			return r;
	}
}

static int tracer_complete(struct source *s, const struct event *ev, struct event *ret_event, struct error *err)
{
	struct tracer *t = tracer_of(s);
	struct pending *p = &t->pending;
	int r;

	if (!p->active || ev->call != p->cookie || !ev->provisional)
		return error_set(err, -EINVAL, "no such call is waiting");
	if (!(calls_traits(&t->calls, p->call.number) & CALL_DEBUG && handover_due(t)) && result_later(t) == 0)
		return 0;
	r = result_assume(t, ret_event, err);
	return r < 0 ? r : 1;
}

static int tracer_answer(struct source *s, const struct event *ev, struct verdict verdict, struct error *err)
{
	struct tracer *t = tracer_of(s);
	struct pending *p = &t->pending;

	if (!p->active || ev->call != p->cookie)
		return error_set(err, -EINVAL, "no such call is waiting");
	switch (verdict.kind) {
	case VERDICT_CONTINUE:
		if (!(calls_traits(&t->calls, p->call.number) & CALL_DEBUG && handover_pending(t)))
			entry_continue(t);
		break;
	case VERDICT_DENY:
		p->way = FIGURES_REFUSED;
		entry_return(t, -verdict.deny_errno);
		break;
	case VERDICT_KILL:
		kill(p->call.pid, SIGKILL);
		p->way = FIGURES_REFUSED;
		entry_return(t, -EPERM);
		break;
	}
	return 0;
}

static void tracer_stats(const struct source *s, struct source_stats *ret_stats)
{
	const struct tracer *t = (const struct tracer *)s;

	*ret_stats = t->stats;
	ret_stats->stalls = t->figures.all.count;
	ret_stats->stall_ns = t->figures.all.total_ns;
	ret_stats->stall_max_ns = t->figures.all.max_ns;
	ret_stats->truncated = t->builder.cut + t->fetched.cut;
}

static void tracer_close(struct source *s)
{
	struct tracer *t = tracer_of(s);
	const int fds[] = { t->listener, t->wait_signal, t->own_fds, t->crowd.loads };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	launch_close(&t->launch);
	inject_free(t);
	tracees_free(&t->tracees);
	task_rings_free(t->rings);
	told_free(t);
	filter_free(t->filter);
	links_free(t->links);
	slow_free(&t->slow);
	identity_free(t);
	errand_free(t);
	execs_free(t);
	hands_free(t->unwinders);
	event_builder_free(&t->builder);
	event_builder_free(&t->fetched);
	strbuf_free(&t->args);
	strbuf_free(&t->stack);
	decode_memo_free(t->memo);
	reader_free(t->reader);
	figures_clear(&t->figures);
	free(t);
}

static const struct source_ops tracer_ops = {
	.name = "tracer",
	.intercept = tracer_intercept,
	.next = tracer_next,
	.fetch = fetch_needs,
	.complete = tracer_complete,
	.answer = tracer_answer,
	.stats = tracer_stats,
	.close = tracer_close,
};

void tracer_status(const struct source *s, struct tracer_status *ret_status)
{
	*ret_status = ((const struct tracer *)s)->status;
}

int tracer_describe(struct source *s, source_sink sink, void *context, struct error *err)
{
	return fetch_describe(tracer_of(s), sink, context, err);
}

size_t tracer_cgroups(char *bytes, size_t max)
{
	return procfs_read_cgroups(getpid(), bytes, max);
}

void tracer_lack(const struct source *s, struct tracer_lack *ret_lack)
{
	*ret_lack = ((const struct tracer *)s)->lack;
}

const struct figures *tracer_figures(const struct source *s)
{
	return &((const struct tracer *)s)->figures;
}

/* Whether nothing of the workload is left. False where that is not known yet. */
static bool is_alone(const struct tracer *t)
{
	struct pollfd listener = { t->listener, 0, 0 };
	siginfo_t info;

	if (t->listener >= 0)
		return poll(&listener, 1, 0) == 1 && listener.revents & POLLHUP;
	return t->seizing && waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL) < 0 &&
	       errno == ECHILD;
}

void tracer_finish(struct source *s, int exit_code)
{
	struct tracer *t = tracer_of(s);

	launch_finish(&t->launch, (struct launch_end){ .exit_code = exit_code, .alone = is_alone(t) });
}
