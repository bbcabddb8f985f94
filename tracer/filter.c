/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif

/*
 * One way in which a call is caught: all comparisons hold. libseccomp takes one comparison an argument, so the tests
 * of one argument are merged into one mask.
 */
struct alternative {
	uint8_t args; /* bit i: argument i is compared … */
	uint8_t other; /* … and must be another value than this */
	uint64_t mask[6], value[6];
};

/* More alternatives than this and the call is caught always: the filter stays short. */
#define ALTERNATIVES 24

struct entry {
	bool wanted, caught, always;
	uint8_t count;
	struct alternative *list;
};

struct filter {
	struct entry calls[CALLS_MAX];
	struct filter *successes; /* calls whose success is of interest; NULL in such a filter itself */
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < CALLS_MAX; i++)
		free(f->calls[i].list);
	filter_free(f->successes);
	free(f);
}

bool filter_wants(const struct filter *f, long number)
{
	return number >= 0 && number < CALLS_MAX && f->calls[number].wanted;
}

bool filter_catches(const struct filter *f, long number)
{
	return number >= 0 && number < CALLS_MAX && f->calls[number].caught;
}

bool filter_wants_success(const struct filter *f, long number, const uint64_t args[6])
{
	return filter_matches(f->successes, number, args);
}

bool filter_matches(const struct filter *f, long number, const uint64_t args[6])
{
	const struct entry *e;

	if (!filter_catches(f, number))
		return number >= CALLS_MAX; /* of another ABI */
	e = &f->calls[number];
	for (unsigned int i = 0; i < e->count && !e->always; i++) {
		const struct alternative *a = &e->list[i];
		bool holds = true;

		for (unsigned int arg = 0; arg < 6 && holds; arg++)
			holds = !(a->args & 1u << arg) ||
				((args[arg] & a->mask[arg]) == a->value[arg]) == !(a->other & 1u << arg);
		if (holds)
			return true;
	}
	return e->always;
}

static void catch_always(struct filter *f, long number)
{
	struct entry *e = &f->calls[number];

	e->caught = e->always = true;
	free(take_ptr(e->list));
	e->count = 0;
}

/* False when the two comparisons of an argument exclude each other: the alternative can never hold. */
static bool merge(struct alternative *a, unsigned int arg, uint64_t mask, uint64_t value)
{
	if (a->args & 1u << arg) {
		if ((a->mask[arg] & mask & (a->value[arg] ^ value)) != 0)
			return false;
		a->mask[arg] |= mask;
		a->value[arg] |= value & mask;
		return true;
	}
	a->args |= (uint8_t)(1u << arg);
	a->mask[arg] = mask;
	a->value[arg] = value & mask;
	return true;
}

static bool same_alternative(const struct alternative *a, const struct alternative *b)
{
	if (a->args != b->args || a->other != b->other)
		return false;
	for (unsigned int i = 0; i < 6; i++)
		if ((a->args & 1u << i) && (a->mask[i] != b->mask[i] || a->value[i] != b->value[i]))
			return false;
	return true;
}

static int catch_alternative(struct filter *f, long number, const struct alternative *a)
{
	struct entry *e = &f->calls[number];

	e->caught = true;
	if (e->always)
		return 0;
	if (a->args == 0) {
		catch_always(f, number);
		return 0;
	}
	for (unsigned int i = 0; i < e->count; i++)
		if (same_alternative(&e->list[i], a))
			return 0;
	if (e->count == ALTERNATIVES) {
		catch_always(f, number);
		return 0;
	}
	if (!e->list) {
		e->list = calloc(ALTERNATIVES, sizeof(*e->list));
		if (!e->list)
			return -ENOMEM;
	}
	e->list[e->count++] = *a;
	return 0;
}

/* One argument whose low half equals value under mask: the kernel truncates int arguments, so the filter must too. */
static int catch_value(struct filter *f, long number, unsigned int arg, uint32_t mask, uint32_t value)
{
	struct alternative a = { 0 };

	merge(&a, arg, mask, value);
	return catch_alternative(f, number, &a);
}

/* The same where it equals one of several values. */
static int catch_values(struct filter *f, long number, unsigned int arg, const uint32_t *values, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count && r >= 0; i++)
		r = catch_value(f, number, arg, UINT32_MAX, values[i]);
	return r;
}

/* libseccomp has no mask here: what the kernel takes for 0 may be caught, too. */
static int catch_nonzero(struct filter *f, long number, unsigned int arg)
{
	struct alternative a = { .other = (uint8_t)(1u << arg) };

	merge(&a, arg, UINT64_MAX, 0);
	return catch_alternative(f, number, &a);
}

/*
 * The tests of a want are and-ed, the native tests of each are or-ed: every combination is an alternative. A test that
 * the filter cannot make is left out, which catches more.
 */
static int catch_want(struct filter *f, long number, const struct intercept_want *want, unsigned int next,
		      const struct alternative *so_far)
{
	struct native_test tests[NATIVE_TESTS];
	size_t count;

	for (; next < want->ntests; next++)
		if (decode_native_test(&want->tests[next], want->event, tests, &count))
			break;
	if (next >= want->ntests)
		return catch_alternative(f, number, so_far);
	for (size_t i = 0; i < count; i++) {
		struct alternative a = *so_far;
		int r;

		if (tests[i].arg >= 6 || !merge(&a, tests[i].arg, tests[i].mask, tests[i].value))
			continue;
		r = catch_want(f, number, want, next + 1, &a);
		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * Facts that the tracer tells without catching the calls that write them: births, execs and ends come as ptrace stops,
 * descriptors are asked for when they are needed.
 */
#define FACTS_BY_OTHER_MEANS (FACT_LINEAGE | FACT_FD | FACT_RESOURCE | FACT_EVENT | FACT_USERS)

/* Two of prctl's many commands write facts: a thread's name, and that a process is given the orphans below it. */
static int catch_prctl(struct filter *f, const struct intercept_set *set, long number)
{
	static const struct command {
		facts_t writes;
		uint32_t option;
	} commands[] = { { FACT_COMM, PR_SET_NAME }, { FACT_LINEAGE, PR_SET_CHILD_SUBREAPER } };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(commands) && r >= 0; i++) {
		if (!(set->facts & commands[i].writes))
			continue;
		f->calls[number].wanted = true;
		r = catch_value(f, number, 0, UINT32_MAX, commands[i].option);
	}
	return r;
}

static int catch_events(struct filter *f, const struct intercept_set *set, const struct calls *calls, long number,
			const struct syscall_info *info)
{
	facts_t writes = event_table[info->event].writes & set->facts & ~FACTS_BY_OTHER_MEANS;
	struct entry *e = &f->calls[number];
	unsigned int traits = calls_traits(calls, number);
	int r = 0;

	if (traits & CALL_BIRTH)
		return 0;
	for (size_t i = 0; i < set->nwants && r >= 0; i++) {
		const struct alternative none = { 0 };

		if (set->wants[i].event != info->event || info->event == EV_GENERIC_X)
			continue;
		if (!f->successes && set->wants[i].result == RESULT_FAILURE)
			continue;
		e->wanted = true;
		r = catch_want(f, number, &set->wants[i], 0, &none);
	}
	if (r < 0)
		return r;
	if (info->event == EV_GENERIC_X && info->code < SYSCALL_CODES && set->syscall_codes[info->code]) {
		e->wanted = true;
		catch_always(f, number);
	}
	/* getcwd() only repeats what the calls that change the directory, or an answer to a need, have told */
	if (writes && !(traits & CALL_EXEC) && info->event != EV_SYSCALL_PRCTL_X &&
	    info->event != EV_SYSCALL_GETCWD_X) {
		e->wanted = true;
		catch_always(f, number);
	}
	return info->event == EV_SYSCALL_PRCTL_X ? catch_prctl(f, set, number) : r;
}

/* Two arguments at once, as catch_value(). */
static int catch_pair(struct filter *f, long number, unsigned int arg, uint32_t value, unsigned int other,
		      uint32_t mask, uint32_t other_value)
{
	struct alternative a = { 0 };

	merge(&a, arg, UINT32_MAX, value);
	merge(&a, other, mask, other_value);
	return catch_alternative(f, number, &a);
}

/* Who gets a file's signals: by number in an argument, else behind a pointer. */
static int catch_owner(struct filter *f, long number)
{
	static const uint32_t of_fcntl[] = { F_SETOWN, F_SETOWN_EX }, of_ioctl[] = { FIOSETOWN, SIOCSPGRP };

	return number == SYS_ioctl ? catch_values(f, number, 1, of_ioctl, ARRAY_SIZE(of_ioctl)) :
				     catch_values(f, number, 1, of_fcntl, ARRAY_SIZE(of_fcntl));
}

static int catch_freezing(struct filter *f, long number)
{
	static const uint32_t commands[] = CALLS_IOCTL_FREEZING;

	return catch_values(f, number, 1, commands, ARRAY_SIZE(commands));
}

static int catch_asking(struct filter *f, long number, unsigned int arg)
{
	static const uint32_t bits[] = CALLS_ASKING;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bits) && r >= 0; i++)
		r = catch_value(f, number, arg, bits[i], bits[i]);
	return r;
}

/* The id of any thread may be the monitor's. SIGURG, by which servers wake each other often, does nothing to it. */
static int catch_ids(struct filter *f, long number, unsigned int arg)
{
	unsigned int signal = number == SYS_tgkill ? 2 : 1;
	struct alternative a = { .other = (uint8_t)(1u << arg | 1u << signal) };

	if (number != SYS_kill && number != SYS_tkill && number != SYS_tgkill)
		return catch_nonzero(f, number, arg);
	merge(&a, arg, UINT64_MAX, 0);
	merge(&a, signal, UINT64_MAX, SIGURG);
	return catch_alternative(f, number, &a);
}

/* Calls that name a thread together with its process, which is compared: enough for ours, not for those of programs. */
static bool names_both(long number)
{
	return number == SYS_tgkill || number == SYS_rt_tgsigqueueinfo;
}

/* Calls that name processes, and could mean the monitor. */
static int catch_aimed(struct filter *f, const struct filter_options *o, const struct call_traits *c, long number)
{
	static const uint32_t attaching[] = { PTRACE_ATTACH, PTRACE_SEIZE };
	int r = 0;

	if (c->traits & CALL_PIDFD)
		catch_always(f, number);
	if (c->traits & CALL_OWNER)
		r = catch_owner(f, number);
	/* whoever traces has attached first, perhaps to a thread that is not the first */
	if (c->traits & CALL_DEBUG && r >= 0)
		r = catch_values(f, number, 0, attaching, ARRAY_SIZE(attaching));
	if (c->traits & CALL_PID && r >= 0)
		r = catch_value(f, number, c->arg, UINT32_MAX, (uint32_t)o->protect);
	if (number == SYS_pidfd_open && r >= 0)
		r = catch_value(f, number, 1, CALLS_PIDFD_THREAD, CALLS_PIDFD_THREAD);
	if ((c->traits & (CALL_THREAD | CALL_GROUP) || (o->protect_programs && names_both(number))) && r >= 0)
		r = catch_ids(f, number, c->arg);
	return r;
}

static int catch_own(struct filter *f, const struct filter_options *o, const struct call_traits *c, long number)
{
	static const uint32_t tracing[] = { PTRACE_TRACEME, PTRACE_ATTACH, PTRACE_SEIZE };
	int r = 0;

	if (o->on_behalf && c->traits & (CALL_CRED | CALL_CONFINE | CALL_ROOT | CALL_MASK))
		catch_always(f, number);
	if (o->on_behalf && number == SYS_linkat) { /* by the descriptor: the kernel looks who opened it */
		f->calls[number].wanted = true;
		r = catch_value(f, number, 4, AT_EMPTY_PATH, AT_EMPTY_PATH);
	}
	if (o->watch_births && number == SYS_clone && r >= 0)
		r = catch_value(f, number, 0, CLONE_UNTRACED, CLONE_UNTRACED);
	if (o->watch_births && number == SYS_clone3) /* its flags lie in memory */
		catch_always(f, number);
	if (o->watch_execs && c->traits & CALL_EXEC)
		catch_always(f, number);
	if (o->watch_ends && (number == SYS_exit_group || number == SYS_exit))
		catch_always(f, number);
	if (o->watch_timers && c->traits & CALL_TIMER)
		catch_always(f, number);
	if ((o->watch_io_uring && c->traits & CALL_RING) || (o->use_io_uring && c->traits & CALL_RINGS))
		catch_always(f, number);
	if (o->watch_faults && c->traits & CALL_FAULTS && number != SYS_ioctl)
		catch_always(f, number);
	if (o->watch_faults && c->traits & CALL_FAULTS && number == SYS_ioctl && r >= 0)
		r = catch_value(f, number, 1, UINT32_MAX, CALLS_IOCTL_FAULTS);
	if (o->on_behalf && c->traits & CALL_HOLDS)
		catch_always(f, number);
	if (o->on_behalf && c->traits & CALL_FREEZES && r >= 0)
		r = catch_freezing(f, number);
	if (o->watch_mounts && c->traits & CALL_MOUNT)
		catch_always(f, number);
	if (o->watch_mounts && c->traits & CALL_TREE && r >= 0)
		r = catch_value(f, number, c->arg, OPEN_TREE_CLONE, OPEN_TREE_CLONE);
	if (o->watch_dumpable && c->traits & CALL_CRED)
		catch_always(f, number);
	if (o->watch_dumpable && c->traits & CALL_DUMP && r >= 0)
		r = catch_value(f, number, 0, UINT32_MAX, PR_SET_DUMPABLE);
	if (o->watch_listeners && c->traits & CALL_LISTEN && r >= 0)
		r = catch_pair(f, number, 0, SECCOMP_SET_MODE_FILTER, 1, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			       SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (o->watch_affinity && c->traits & CALL_AFFINITY && r >= 0)
		r = catch_nonzero(f, number, c->arg);
	if (o->on_behalf && c->traits & CALL_ASKS && r >= 0)
		r = catch_asking(f, number, c->arg);
	if (o->protect > 0 && r >= 0)
		r = catch_aimed(f, o, c, number);
	if (o->handover && c->traits & CALL_DEBUG && r >= 0)
		r = catch_values(f, number, 0, tracing, ARRAY_SIZE(tracing));
	return r;
}

int filter_new(const struct intercept_set *set, const struct calls *calls, const struct filter_options *options,
	       struct filter **ret_filter, struct error *err)
{
	auto_filter struct filter *f = calloc(1, sizeof(*f));

	if (f)
		f->successes = calloc(1, sizeof(*f));
	if (!f || !f->successes)
		return error_set(err, -ENOMEM, "out of memory");
	for (long number = 0; number < CALLS_MAX; number++) {
		const struct syscall_info *info = syscall_by_number(number);
		int r = 0;

		if (info && info->event < EV_COUNT)
			r = catch_events(f, set, calls, number, info);
		if (info && info->event < EV_COUNT && r >= 0)
			r = catch_events(f->successes, set, calls, number, info);
		if (r >= 0)
			r = catch_own(f, options, &calls->by_number[number], number);
		if (r < 0)
			return error_set(err, r, "out of memory");
	}
	*ret_filter = take_ptr(f);
	return 0;
}

static bool implies(const struct alternative *wide, const struct alternative *narrow)
{
	for (unsigned int i = 0; i < 6; i++) {
		if (!(wide->args & 1u << i))
			continue;
		if (!(narrow->args & 1u << i) || (wide->other ^ narrow->other) & 1u << i ||
		    (wide->mask[i] & ~narrow->mask[i]) || ((wide->value[i] ^ narrow->value[i]) & wide->mask[i]))
			return false;
	}
	return true;
}

static bool entry_covers(const struct entry *have, const struct entry *want)
{
	if (!want->caught || have->always)
		return true;
	if (!have->caught || want->always)
		return false;
	for (unsigned int i = 0; i < want->count; i++) {
		bool found = false;

		for (unsigned int j = 0; j < have->count && !found; j++)
			found = implies(&have->list[j], &want->list[i]);
		if (!found)
			return false;
	}
	return true;
}

long filter_missing(const struct filter *installed, const struct filter *wanted)
{
	for (long number = 0; number < CALLS_MAX; number++)
		if (!entry_covers(&installed->calls[number], &wanted->calls[number]))
			return number;
	return -1;
}

void filter_follow(struct filter *installed, struct filter *wanted)
{
	struct filter *successes = installed->successes;

	installed->successes = wanted->successes;
	wanted->successes = successes;
	for (long number = 0; number < CALLS_MAX; number++) /* what was caught for reasons of ours can become wanted */
		installed->calls[number].wanted = wanted->calls[number].wanted;
}

static int add_rules(scmp_filter_ctx ctx, const struct entry *e, int number, uint32_t action)
{
	int r = 0;

	if (e->always)
		return seccomp_rule_add_array(ctx, action, number, 0, NULL);
	for (unsigned int i = 0; i < e->count && r == 0; i++) {
		struct scmp_arg_cmp compare[6];
		unsigned int n = 0;

		for (unsigned int arg = 0; arg < 6; arg++)
			if (e->list[i].args & 1u << arg)
				compare[n++] = e->list[i].other & 1u << arg ?
						       SCMP_CMP64(arg, SCMP_CMP_NE, e->list[i].value[arg], 0) :
						       SCMP_CMP64(arg, SCMP_CMP_MASKED_EQ, e->list[i].mask[arg],
								  e->list[i].value[arg]);
		r = seccomp_rule_add_array(ctx, action, number, n, compare);
	}
	return r;
}

static int export(scmp_filter_ctx ctx, struct sock_filter **ret_program, size_t *ret_length)
{
	auto_fd int to = -1, from = -1;
	auto_free void *program = NULL;
	size_t size = (BPF_MAXINSNS + 1) * sizeof(struct sock_filter);
	int ends[2], r;
	ssize_t n;

	/*
	 * a message waits in the socket as a whole, and needs neither a folder nor memfd_create(), which some
	 * places refuse
	 */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	to = ends[0];
	from = ends[1];
	r = seccomp_export_bpf(ctx, to);
	if (r < 0)
		return r;
	/* what is cut is more than the kernel takes, which launch_start() says */
	program = malloc(size);
	if (!program)
		return -ENOMEM;
	n = recv(from, program, size, 0);
	if (n < 0)
		return -errno;
	*ret_program = take_ptr(program);
	*ret_length = (size_t)n / sizeof(struct sock_filter);
	return 0;
}

struct filter_messages filter_messages_new(void)
{
	uint16_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = (uint16_t)getpid();
	return (struct filter_messages){ .ours = number, .foreign = number ^ 1 };
}

int filter_program(const struct filter *f, enum filter_action action, struct filter_messages messages,
		   struct sock_filter **ret_program, size_t *ret_length, struct error *err)
{
	uint32_t caught = action == FILTER_NOTIFY ? SCMP_ACT_NOTIFY : SCMP_ACT_TRACE(messages.ours);
	uint32_t foreign = action == FILTER_NOTIFY ? SCMP_ACT_NOTIFY : SCMP_ACT_TRACE(messages.foreign);
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!ctx)
		return error_set(err, -ENOMEM, "libseccomp cannot make a filter");
	/* int 0x80 and x32 calls have other numbers than ours: they reach us, and foreign.c answers them */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, foreign);
	if (r == 0)
		r = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (int number = 0; number < CALLS_MAX && r == 0; number++)
		if (f->calls[number].caught)
			r = add_rules(ctx, &f->calls[number], number, caught);
	if (r == 0)
		r = export(ctx, ret_program, ret_length);
	seccomp_release(ctx);
	return r < 0 ? error_errno(err, r, "libseccomp cannot make the filter") : 0;
}
