/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/near.h"

#include <sched.h>

#include "tracer/affinity.h"
#include "tracer/notify.h"
#include "tracer/supervisor.h"

/*
 * Who takes a descriptor is woken up for that, wakes us up when he has it, and the kernel looks for an idle
 * processor each time: two of them come out of their sleep for what natively moves nobody. So he is bound,
 * for that moment, to the processor that we are on, where he was when he called, since a notification's
 * wake-up keeps to it; and so are we.
 *
 * He sees nothing of it: he waits in his call. Nor does it take part in what others set: only who may run
 * wherever there are processors is bound, which he then may again, and one whose processors are others by
 * then is left with these. Calls that tell or set those of another thread are caught, and let nobody be bound
 * for a while.
 *
 * In a crowd, or where all processors are busy, nobody is bound: nothing would wake up. Nor when we did not
 * sleep before he called, and another had called before: then the two run side by side, each where it should
 * stay.
 *
 * Two on one processor do one thing at a time. Where others keep the second one awake, such as a server's
 * clients, to use both is the faster way. So both ways are tried in turn, and the one by which opens follow
 * each other sooner is kept for a while.
 */

#define ASLEEP_NS 2000 /* who waits for less than two switches has not slept */
#define CALM 64 /* calls in a row that came one at a time */
#define REST_NS 10000000u /* for a call about the processors of others to be over */
#define LEARN_NS 1000000000u /* where callers have other processors than we, or there are others now */

#define BLOCK 128 /* opens of a trial, of each way */
#define SETTLING 32 /* the first of them do not count */
#define KEPT_NS 1000000000u /* so long what a trial has shown holds: the worse way costs some milliseconds of it */
#define PAUSE_NS 1000000u /* what comes later is no answer to how long an open takes */
#define GAIN 16 /* a share: it must be that much sooner */

/* ---- who may be bound ---------------------------------------------------------------------------------- */

void near_begin(struct tracer *t)
{
	struct near *n = &t->near;
	cpu_set_t own;

	n->possible = false;
	/* who has been given some of the processors only keeps to them, and so does what he starts */
	if (sched_getaffinity(0, sizeof(own), &own) < 0 || affinity_widen(0) < 0)
		return;
	if (sched_getaffinity(0, sizeof(n->all), &n->all) < 0 || !CPU_EQUAL(&own, &n->all)) {
		sched_setaffinity(0, sizeof(own), &own);
		return;
	}
	n->possible = CPU_COUNT(&own) > 1;
}

void near_waited(struct tracer *t, uint64_t since, uint64_t now)
{
	t->near.slept = now - since >= ASLEEP_NS;
}

void near_rest(struct tracer *t)
{
	t->near.rests_until = t->pending.since + REST_NS;
}

static void learn_again(struct tracer *t)
{
	if (t->pending.since - t->near.learnt < LEARN_NS)
		return;
	t->near.learnt = t->pending.since;
	near_begin(t);
}

/* ---- which way is faster ------------------------------------------------------------------------------- */

static uint64_t mean(const struct near_way *way)
{
	return way->count ? way->ns / way->count : UINT64_MAX / 2;
}

/* What the way at hand took from one open to the next. */
static void note(struct near *n, uint64_t ns)
{
	struct near_way *way = n->on ? &n->together : &n->apart;

	if (ns >= PAUSE_NS || n->opens % BLOCK < SETTLING)
		return;
	way->ns += ns;
	way->count++;
}

static void forget_half(struct near_way *way)
{
	way->ns /= 2;
	way->count /= 2;
}

static void decide(struct near *n)
{
	n->on = mean(&n->together) + mean(&n->together) / GAIN < mean(&n->apart);
	forget_half(&n->together);
	forget_half(&n->apart);
}

/* Whether the open at hand is to be done so. */
static bool choose(struct near *n, uint64_t now)
{
	if (n->opens == 2 * BLOCK && now - n->last < KEPT_NS)
		return n->on;
	n->opens %= 2 * BLOCK;
	note(n, now - n->last);
	n->last = now;
	n->on = n->opens++ < BLOCK;
	if (n->opens == 2 * BLOCK)
		decide(n);
	return n->on;
}

/* ---- binding ------------------------------------------------------------------------------------------- */

static bool takes_turns(struct tracer *t)
{
	struct near *n = &t->near;

	return n->possible && (n->slept || t->crowd.again) && !t->crowd.many && t->crowd.single >= CALM &&
	       t->pending.since >= n->rests_until && crowd_running(t) < (unsigned int)CPU_COUNT(&n->all);
}

static bool hold(struct tracer *t, int here)
{
	pid_t tid = t->pending.call.tid;
	cpu_set_t caller;

	if (here < 0 || sched_getaffinity(tid, sizeof(caller), &caller) < 0)
		return false;
	if (!CPU_EQUAL(&caller, &t->near.all)) {
		learn_again(t);
		return false;
	}
	/* should we be killed now, the front finds him */
	atomic_store(&t->launch.shared->bound, (uint64_t)here << 32 | (uint32_t)tid);
	if (affinity_bind(tid, (unsigned int)here) < 0) {
		atomic_store(&t->launch.shared->bound, 0);
		return false;
	}
	affinity_bind(0, (unsigned int)here);
	return true;
}

static void release(struct tracer *t, int here)
{
	affinity_release(t->pending.call.tid, (unsigned int)here);
	affinity_widen(0);
	atomic_store(&t->launch.shared->bound, 0);
}

int near_hand_over(struct tracer *t, int fd, bool cloexec, bool holds)
{
	bool together = takes_turns(t) && choose(&t->near, t->pending.since);
	int here = together ? sched_getcpu() : -1, number;
	bool bound = hold(t, here);

	number = notify_inject(t->listener, t->pending.id, fd, cloexec, !holds && !t->killable);
	if (bound)
		release(t, here);
	if (!holds)
		close(fd);
	/* a caller that is killed now has had its descriptor, and who shares the table with it has that still */
	if (number >= 0 && !holds && t->killable)
		notify_return(t->listener, t->pending.id, number);
	return number;
}
