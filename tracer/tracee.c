/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/tracee.h"

#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "tracer/socket.h"

#define BUCKETS_FIRST 256
#define DIRECT_READS  8 /* about what opening and closing a descriptor costs */

static size_t slot(pid_t id, size_t n)
{
	/* ids are handed out in turn, so the low bits spread well */
	return (size_t)id & (n - 1);
}

int tracees_init(struct tracees *t, struct reader *reader)
{
	*t = (struct tracees){ .reader = reader };
	t->newest.newer = t->newest.older = &t->newest;
	t->nbuckets = t->nprocesses = BUCKETS_FIRST;
	t->buckets = calloc(t->nbuckets, sizeof(*t->buckets));
	t->processes = calloc(t->nprocesses, sizeof(*t->processes));
	return t->buckets && t->processes ? 0 : -ENOMEM;
}

static void close_memory(struct tracees *t, struct process *p)
{
	p->closed = false;
	if (!p->memory)
		return;
	if (!memory_is_direct(p->memory)) {
		p->newer->older = p->older;
		p->older->newer = p->newer;
		t->kept--;
	}
	memory_close(take_ptr(p->memory));
	p->reads = 0;
}

/* ---- processes ----------------------------------------------------------------------------------------- */

static struct process *find_process(const struct tracees *t, pid_t pid)
{
	for (size_t i = slot(pid, t->nprocesses); t->processes[i]; i = (i + 1) & (t->nprocesses - 1))
		if (t->processes[i]->pid == pid)
			return t->processes[i];
	return NULL;
}

static void insert_process(struct process **table, size_t n, struct process *p)
{
	size_t i = slot(p->pid, n);

	while (table[i])
		i = (i + 1) & (n - 1);
	table[i] = p;
}

static int grow_processes(struct tracees *t)
{
	size_t n = t->nprocesses * 2;
	struct process **table = calloc(n, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < t->nprocesses; i++)
		if (t->processes[i])
			insert_process(table, n, t->processes[i]);
	free(t->processes);
	t->processes = table;
	t->nprocesses = n;
	return 0;
}

static struct process *get_process(struct tracees *t, pid_t pid)
{
	struct process *p = find_process(t, pid);

	if (p)
		return p;
	if (t->used * 2 >= t->nprocesses && grow_processes(t) < 0)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	insert_process(t->processes, t->nprocesses, p);
	t->used++;
	return p;
}

static void put_process(struct tracees *t, struct process *p)
{
	size_t mask = t->nprocesses - 1, hole, i;

	if (--p->threads > 0)
		return;
	for (hole = slot(p->pid, t->nprocesses); t->processes[hole] != p; hole = (hole + 1) & mask)
		;
	/* what follows the hole moves up when its own place is not behind it */
	t->processes[hole] = NULL;
	for (i = (hole + 1) & mask; t->processes[i]; i = (i + 1) & mask) {
		size_t home = slot(t->processes[i]->pid, t->nprocesses);

		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->processes[hole] = t->processes[i];
		t->processes[i] = NULL;
		hole = i;
	}
	t->used--;
	close_memory(t, p);
	free(p);
}

/* ---- threads ------------------------------------------------------------------------------------------- */

struct tracee *tracees_find(const struct tracees *t, pid_t tid)
{
	struct tracee *tracee = t->buckets[slot(tid, t->nbuckets)];

	while (tracee && tracee->tid != tid)
		tracee = tracee->next;
	return tracee;
}

static void grow_buckets(struct tracees *t)
{
	size_t n = t->nbuckets * 2;
	struct tracee **buckets = calloc(n, sizeof(*buckets));

	if (!buckets) /* longer chains will do */
		return;
	for (size_t i = 0; i < t->nbuckets; i++) {
		struct tracee *next;

		for (struct tracee *e = t->buckets[i]; e; e = next) {
			next = e->next;
			e->next = buckets[slot(e->tid, n)];
			buckets[slot(e->tid, n)] = e;
		}
	}
	free(t->buckets);
	t->buckets = buckets;
	t->nbuckets = n;
}

static void link_tracee(struct tracees *t, struct tracee *tracee)
{
	struct tracee **bucket = &t->buckets[slot(tracee->tid, t->nbuckets)];

	tracee->next = *bucket;
	*bucket = tracee;
}

static void unlink_tracee(struct tracees *t, struct tracee *tracee)
{
	struct tracee **at = &t->buckets[slot(tracee->tid, t->nbuckets)];

	while (*at != tracee)
		at = &(*at)->next;
	*at = tracee->next;
}

/* The clock of /proc goes on while the machine is suspended. A suspension since then makes it later than it was. */
void tracees_born(struct tracee *tracee, uint64_t monotonic_ns)
{
	uint64_t boot_ns = clock_ns(CLOCK_BOOTTIME) - (clock_ns(CLOCK_MONOTONIC) - monotonic_ns);

	tracee->born = boot_ns / (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

struct tracee *tracees_add(struct tracees *t, pid_t tid, pid_t pid)
{
	struct tracee *tracee = calloc(1, sizeof(*tracee));
	struct process *p = tracee ? get_process(t, pid) : NULL;

	if (!p) {
		free(tracee);
		return NULL;
	}
	if (t->count >= t->nbuckets)
		grow_buckets(t);
	p->threads++;
	p->program.crowded |= p->threads > 1;
	tracee->tid = tid;
	tracee->process = p;
	tracee->continued = -1;
	tracees_born(tracee, clock_ns(CLOCK_MONOTONIC));
	link_tracee(t, tracee);
	t->count++;
	return tracee;
}

void tracees_remove(struct tracees *t, struct tracee *tracee)
{
	unlink_tracee(t, tracee);
	if (tracee->embryo)
		t->embryos--;
	t->count--;
	put_process(t, tracee->process);
	socket_release(tracee->socket);
	free(tracee->executed);
	free(tracee->exec_path);
	free(tracee->exec_stack);
	free(tracee->path);
	free(tracee->unseen);
	free(tracee);
}

static struct tracee *any_of(const struct tracees *t, pid_t pid, pid_t except)
{
	for (size_t i = 0; i < t->nbuckets; i++)
		for (struct tracee *e = t->buckets[i]; e; e = e->next)
			if (e->process->pid == pid && e->tid != except)
				return e;
	return NULL;
}

void tracees_exec(struct tracees *t, pid_t pid, pid_t former_tid)
{
	struct tracee *survivor = tracees_find(t, former_tid), *leader;

	if (former_tid != pid && survivor) {
		leader = tracees_find(t, pid);
		if (leader)
			tracees_remove(t, leader);
		unlink_tracee(t, survivor);
		survivor->tid = pid;
		link_tracee(t, survivor);
	}
	survivor = tracees_find(t, pid);
	while (survivor && survivor->process->threads > 1) {
		struct tracee *other = any_of(t, pid, pid);

		if (!other)
			break;
		tracees_remove(t, other);
	}
	if (!survivor)
		return;
	close_memory(t, survivor->process);
	survivor->process->program = (struct program){ 0 };
	survivor->process->executing = false;
	survivor->unproven = false;
	survivor->owed.what = OWED_NOTHING;
}

void tracees_each(const struct tracees *t, void (*visit)(void *context, struct tracee *tracee), void *context)
{
	for (size_t i = 0; i < t->nbuckets; i++) {
		struct tracee *next;

		for (struct tracee *e = t->buckets[i]; e; e = next) {
			next = e->next;
			visit(context, e);
		}
	}
}

/* What else we do needs descriptors, too. */
static bool has_most(const struct tracees *t)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return false;
	return t->kept >= (limit.rlim_cur > 2 * SPARE_DESCRIPTORS ? limit.rlim_cur - SPARE_DESCRIPTORS :
								    limit.rlim_cur / 4);
}

/* A descriptor for the process's memory, whoever has to give one back for that. */
static int keep_memory(struct tracees *t, struct process *p, pid_t tid)
{
	int r;

	if (has_most(t) && t->newest.newer != &t->newest)
		close_memory(t, t->newest.newer);
	r = p->memory ? memory_keep(p->memory) : memory_open(tid, t->reader, &p->memory, NULL);
	/* out of descriptors: the longest open one is given back */
	if ((r == -EMFILE || r == -ENFILE) && t->newest.newer != &t->newest) {
		close_memory(t, t->newest.newer);
		r = p->memory ? memory_keep(p->memory) : memory_open(tid, t->reader, &p->memory, NULL);
	}
	if (r < 0)
		return r;
	t->kept++;
	p->older = t->newest.older;
	p->newer = &t->newest;
	p->older->newer = p;
	t->newest.older = p;
	return 0;
}

void tracees_keep_memory(struct tracees *t, struct tracee *tracee)
{
	struct process *p = tracee->process;
	int r = p->memory && !memory_is_direct(p->memory) ? 0 : keep_memory(t, p, tracee->tid);

	if (r < 0 && !tracee->seized)
		close_memory(t, p);
	p->closed = r == -EACCES || r == -EPERM;
}

static struct memory *find_memory(struct tracees *t, struct tracee *tracee)
{
	struct process *p = tracee->process;

	if (p->memory && !memory_is_direct(p->memory))
		return p->memory;
	/* an id that is not ours by ptrace may be another's soon */
	if (t->direct && tracee->seized && p->reads < DIRECT_READS) {
		p->reads++;
		if (!p->memory)
			p->memory = memory_direct(tracee->tid, t->reader);
	} else {
		tracees_keep_memory(t, tracee);
	}
	if (p->memory)
		memory_follow(p->memory, tracee->tid);
	return p->memory;
}

struct memory *tracees_memory(struct tracees *t, struct tracee *tracee)
{
	struct memory *m = find_memory(t, tracee);

	if (m)
		memory_has_others(m, !tracees_alone(tracee));
	return m;
}

void tracees_forget_memory(struct tracees *t, struct tracee *tracee)
{
	close_memory(t, tracee->process);
}

void tracees_free(struct tracees *t)
{
	for (size_t i = 0; t->buckets && i < t->nbuckets; i++)
		while (t->buckets[i])
			tracees_remove(t, t->buckets[i]);
	free(take_ptr(t->buckets));
	free(take_ptr(t->processes));
}
