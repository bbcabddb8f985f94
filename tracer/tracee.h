/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_TRACEE_H
#define MONITOR_TRACER_TRACEE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracer/decode.h"
#include "tracer/disturbed.h"
#include "tracer/identity.h"
#include "tracer/owed.h"

/* What is known of the program that a process runs. All zero is what is known of one that was just executed. */
struct program {
	unsigned int told; /* foreign.c: of which kinds notices were given, bit 1 << kind */
	bool shares; /* memory or descriptors with other processes, as far as births tell */
	unsigned int unproven; /* calls that may have made a child that shares with it, and hidden it */
	bool crowded; /* it has had several threads */
	bool signals; /* it has handlers for signals that may come in numbers, or was born of who has (loose.c) */
	unsigned int births; /* by records; and when its handlers were looked at, monotonic ns */
	uint64_t looked;
	bool executes; /* a thread of it was let into an exec, and may still be there */
	/*
	 * The file creation mask, read at the first open that creates, until somebody may change it: a call that
	 * does is let into the kernel after we have seen it. mask_moves: there was one.
	 */
	uint16_t mask;
	bool mask_known, mask_moves;
};

/* What is kept for a process as long as one of its threads is known. */
struct process {
	pid_t pid;
	pid_t parent; /* at birth; 0 = not known */
	unsigned int threads;
	bool other_ids; /* its ids, or its children's, may be others in its own namespaces than for us */
	bool executing; /* a thread was let into an exec of which no stop tells, and no new program was seen yet */
	bool fs_apart; /* creation mask and directory are shared with other processes, or not shared by all threads */
	struct program program;
	struct memory *memory; /* opened at the first use, closed at exec; NULL = not open */
	bool closed; /* it could not be opened: not dumpable, or of a program that may not be read */
	unsigned int reads; /* calls that used it without a descriptor */
	uint64_t start; /* unseized.c: checksum of the program's start, while a thread may be in an exec; 0 = none is */
	struct process *newer, *older; /* by opening of memory, for giving descriptors back */
};

/* How the call that a thread is in is being followed to its result. */
enum follow {
	FOLLOW_NONE,
	FOLLOW_EXIT_CHECK, /* interrupted: it stops right behind the call */
	FOLLOW_RESTARTING, /* answered "restart": at its next stop it is sent on to the entry */
	FOLLOW_ENTERING, /* on its way to the entry stop of the restarted call */
	FOLLOW_LEAVING, /* in the call, on its way to the exit stop */
	FOLLOW_BROKEN_OFF, /* behind it, and it is to start again: the next stop shows whether it natively would */
	FOLLOW_ANSWERING, /* interrupted in a call that was made in its place: its stop gives it the answer */
	FOLLOW_SKIPPING, /* its call is left out: its exit stop gives it the answer, whatever a filter says of that */
	FOLLOW_ASIDE, /* in a call that a thread of ours is at in its place (errand.c) */
	FOLLOW_EXEC, /* interrupted in exec: an exec stop tells success, any other stop failure */
};

/* One thread of the workload. */
struct tracee {
	pid_t tid;
	struct process *process;
	struct tracee *next; /* of its hash bucket */
	bool seized; /* ours by ptrace; false: loose, handed over, or never caught */
	/*
	 * not ours by ptrace until its next caught call: records tell of its birth, children and end
	 * (loose.c)
	 */
	bool loose;
	bool options_due; /* births stop it from its next stop on */
	bool called; /* since the stop for SIGCHLD before */
	bool unproven; /* its last clone3() is one of those of its process (birth.c) */
	bool gone; /* when looked for: its end comes, or its record was lost (unseized.c) */
	bool over; /* its end is known, and about to be told */
	bool lingers; /* the first thread of a process, ended before the others: told with the last of them */
	bool stopped; /* in a ptrace stop that we hold */
	bool embryo; /* stopped at its birth, and its parent's fork event has not come */
	bool newborn; /* its first stop has not come */
	bool listening; /* in a group stop */
	bool debugged; /* let go because it asked to be traced: the next ptrace() may be that one, made again */
	bool in_call; /* between the stops of a call, where every call stops (passing.c) */
	bool late; /* found through /proc */
	enum identity identity;
	const struct rights *rights; /* of the identity that is the same; lives as long as the tracer */
	uint8_t changes; /* of credentials since the exec */
	enum follow follow;
	bool leaving_for_debugger; /* to be detached at its next stop */
	uint64_t held_notification; /* a caller of ptrace(2) that waits for that; 0 = none */
	uint64_t since; /* ns; embryo: when it was first seen */
	uint64_t born; /* it began no later, in ticks as /proc/PID/stat has them: who began later has its id by now */
	uint64_t folder; /* unseized.c: inode of what /proc had for it, 0 = not looked at */
	uint64_t number; /* likewise, of its descriptor; 0 = none */
	uint64_t image; /* unseized.c: checksum of what exec gave the program */
	long continued; /* last notified call that was let into the kernel; -1 = none */
	bool broken_off; /* the kernel broke that one off for a signal, whose stop comes next */
	struct disturbed disturbed;
	struct owed answer; /* of FOLLOW_ANSWERING; of FOLLOW_SKIPPING its value alone */
	struct owed owed; /* of a call before */

	/* the followed call */
	struct call call;
	uint64_t cookie;
	char *path; /* heap; of an open, NULL = not known: what is told if its end is not seen */
	struct event *unseen; /* heap; what is told then of another call; NULL = nothing */
	bool alone; /* when it began: nobody could change what its pointers lead to */
	uint32_t messages; /* of a followed sendmmsg() that went, and are to be told yet */
	bool wants_path; /* an open: the real path is read from the descriptor at the exit */
	uint64_t exec_ip; /* where the exec was called from, and (when wanted) in which memory */
	enum region exec_region;
	char *exec_stack; /* heap; NULL = not taken */
	const struct trip *trip; /* of FOLLOW_ASIDE */
	struct held_socket *socket; /* of the followed connect() or bind(); NULL = none */
	struct event *executed; /* heap; of an exec that no stop tells of, if its program ends too soon; NULL = none */
	bool unrecorded; /* the record of that exec may be among lost ones */
	char *exec_path; /* heap; as given to execve, NULL = not known */
};

struct tracees {
	bool direct; /* the memory of processes that make few calls is read without a descriptor */
	struct reader *reader; /* of memory that may have to be waited for; borrowed */
	struct tracee **buckets;
	size_t nbuckets, count, embryos;
	struct process **processes; /* hash by pid, open addressing */
	size_t nprocesses, used;
	struct process newest; /* head of the list of open memories */
	size_t kept; /* of those */
};

int tracees_init(struct tracees *t, struct reader *reader);
void tracees_free(struct tracees *t);
struct tracee *tracees_find(const struct tracees *t, pid_t tid); /* NULL when not known */
/* A new thread, or NULL when memory is short. */
struct tracee *tracees_add(struct tracees *t, pid_t tid, pid_t pid);
void tracees_remove(struct tracees *t, struct tracee *tracee);
/* A thread is known to have been there at a time of CLOCK_MONOTONIC, in ns, and when it was added without that. */
void tracees_born(struct tracee *tracee, uint64_t monotonic_ns);
/* After an exec: the thread is its process's only one and bears the process's id. Others of the process are removed. */
void tracees_exec(struct tracees *t, pid_t pid, pid_t former_tid);
void tracees_each(const struct tracees *t, void (*visit)(void *context, struct tracee *tracee), void *context);

/* Memory or descriptors with other processes, as far as anybody knows. */
static inline bool tracees_shares(const struct process *process)
{
	return process->program.shares || process->program.unproven > 0;
}

/*
 * Nobody shares memory or descriptors with the thread at the moment, as far as births tell. Who is not
 * ours by ptrace need not be asked for: what he does himself is told as uncertain in any case.
 */
static inline bool tracees_alone(const struct tracee *tracee)
{
	return tracee->process->threads == 1 && !tracees_shares(tracee->process) && !tracee->late;
}

/* The memory of a thread's process, opened when needed; NULL when it is gone. */
struct memory *tracees_memory(struct tracees *t, struct tracee *tracee);
/* By a descriptor from here on, which stays when the process is not dumpable any more. */
void tracees_keep_memory(struct tracees *t, struct tracee *tracee);
void tracees_forget_memory(struct tracees *t, struct tracee *tracee);

/* Whether the memory could not be looked into, though the process is there. */
static inline bool tracees_closed(const struct tracee *tracee)
{
	return tracee->process->closed || memory_refused(tracee->process->memory);
}

#endif
