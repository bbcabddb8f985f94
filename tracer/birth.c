/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/flags.h"
#include "tracer/maps.h"
#include "tracer/procfs.h"

void birth_init(struct tracer *t)
{
	static const struct {
		uint64_t native;
		const char *name;
	} flags[] = {
#define FLAG(name) { name, #name }
		FLAG(CLONE_FILES),     FLAG(CLONE_FS),	     FLAG(CLONE_IO),	   FLAG(CLONE_NEWIPC),
		FLAG(CLONE_NEWNET),    FLAG(CLONE_NEWNS),    FLAG(CLONE_NEWPID),   FLAG(CLONE_NEWUTS),
		FLAG(CLONE_PARENT),    FLAG(CLONE_PARENT_SETTID), FLAG(CLONE_PTRACE), FLAG(CLONE_SIGHAND),
		FLAG(CLONE_SYSVSEM),   FLAG(CLONE_THREAD),   FLAG(CLONE_UNTRACED), FLAG(CLONE_VM),
		FLAG(CLONE_NEWUSER),   FLAG(CLONE_CHILD_CLEARTID), FLAG(CLONE_CHILD_SETTID), FLAG(CLONE_SETTLS),
		FLAG(CLONE_VFORK),     FLAG(CLONE_NEWCGROUP),
#undef FLAG
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		uint32_t value;

		if (flags_value(&flags_clone_flags, str_of(flags[i].name), &value))
			t->clone_flags[__builtin_ctzll(flags[i].native)] = value;
	}
	flags_value(&flags_clone_flags, STR("CLONE_CHILD_IN_PIDNS"), &t->clone_in_pidns);
}

static uint32_t translate(const struct tracer *t, uint64_t native)
{
	uint32_t flags = 0;

	for (unsigned int bit = 8; bit < 32; bit++) /* below are those of the exit signal */
		if (native & 1ull << bit)
			flags |= t->clone_flags[bit];
	return flags;
}

/* ---- children that nothing tells of -------------------------------------------------------------------- */

/*
 * Where notifications tell of the calls of who is born with CLONE_UNTRACED, nothing tells of his birth, and who
 * shares memory does his part without a call. So his parent is caught in the call that makes him, and counts as
 * one who shares until the kernel's own word shows that this very call has hidden nobody: its stop for a birth,
 * or an error. The flags of clone3() are not looked at for that: they lie in memory, and to know that nobody can
 * change them behind the look is dear.
 *
 * What is not shown stays so until an exec, also when the thread makes its next call, or ends. So a call whose
 * error no stop shows is taken for one that hid a child. Programs that only ask whether there is such a call
 * give a size that is none.
 */
static void note_hidden(struct tracer *t, const struct call *c)
{
	struct tracee *caller = t->pending.tracee;
	struct process *p = caller->process;

	if (c->number == SYS_clone)
		p->program.shares |= c->args[0] & CLONE_UNTRACED && c->args[0] & (CLONE_VM | CLONE_FILES);
	if (c->number != SYS_clone3 || c->args[1] < CLONE_ARGS_SIZE_VER0)
		return;
	p->program.shares |= caller->unproven; /* by its call before */
	p->program.unproven += !caller->unproven;
	caller->unproven = true;
}

/* The clone3() that the thread is stopped in, or behind, has hidden nobody. */
static void prove(struct tracee *tracee)
{
	if (!tracee->unproven)
		return;
	tracee->unproven = false;
	tracee->process->program.unproven--;
}

void birth_failed(struct tracee *tracee, long number)
{
	if (number == SYS_clone3)
		prove(tracee);
}

/* ---- calls that make children -------------------------------------------------------------------------- */

/*
 * The flags as the parent's call has them, while the parent is stopped in it. *ret_sure: they are those that
 * the kernel read; those of clone3() lie in memory.
 */
static uint64_t native_flags(struct tracer *t, struct tracee *parent, int ptrace_event, uint16_t *ret_type,
			     bool *ret_sure)
{
	struct arch_regs regs;
	struct memory *memory;
	uint64_t flags = 0;
	long number;

	*ret_sure = true;
	*ret_type = ptrace_event == PTRACE_EVENT_FORK  ? EV_SYSCALL_FORK_20_X :
		    ptrace_event == PTRACE_EVENT_VFORK ? EV_SYSCALL_VFORK_20_X :
							 EV_SYSCALL_CLONE_20_X;
	if (arch_read(parent->tid, &regs) < 0)
		return 0;
	number = arch_number(&regs);
	if (number == SYS_clone3) {
		*ret_type = EV_SYSCALL_CLONE3_X;
		prove(parent);
		memory = tracees_memory(&t->tracees, parent);
		/* a thread that has ended since may have been there when the call began */
		*ret_sure = memory && memory_read(memory, arch_arg(&regs, 0), &flags, sizeof(flags)) == 0 &&
			    tracees_alone(parent) && !parent->process->program.crowded;
		/* this one the kernel says itself */
		return ptrace_event == PTRACE_EVENT_VFORK ? flags | CLONE_VFORK : flags & ~(uint64_t)CLONE_VFORK;
	} else if (number == SYS_clone) {
		*ret_type = EV_SYSCALL_CLONE_20_X;
		return arch_arg(&regs, 0);
	}
#ifdef SYS_vfork
	if (number == SYS_vfork)
		return CLONE_VM | CLONE_VFORK;
#endif
	return 0;
}

/* Takes a flag away that lies in memory which nobody else can change. */
static int unhide_in_memory(struct tracer *t, const struct call *c)
{
	uint64_t flags;
	struct iovec here = { &flags, sizeof(flags) }, there = { (void *)(uintptr_t)c->args[0], sizeof(flags) };
	bool alone = tracees_alone(t->pending.tracee);
	int r = c->memory ? memory_read(c->memory, c->args[0], &flags, sizeof(flags)) : -ESRCH;

	if (r == -EFAULT && alone) /* for the kernel, too */
		return 0;
	if (r < 0 || !alone || !maps_is_private(c->tid, c->args[0]))
		return -ENOSYS;
	if (!(flags & CLONE_UNTRACED))
		return 0;
	flags &= ~(uint64_t)CLONE_UNTRACED;
	return process_vm_writev(c->pid, &here, 1, &there, 1, 0) == (ssize_t)sizeof(flags) ? 0 : -ENOSYS;
}

/*
 * Who is born with CLONE_UNTRACED is not ours by ptrace: his calls would pass unseen, or fail for want of a tracer.
 * Where others could put the flag into memory behind our look the call is one that the kernel has not, as with older
 * kernels and profiles of containers: libraries make a clone() instead, whose flags are in a register.
 */
int birth_unhide(struct tracer *t)
{
	struct pending *p = &t->pending;

	if (!p->tracee)
		return 0;
	if (p->notified) {
		note_hidden(t, &p->call);
		return 0;
	}
	if (p->call.number == SYS_clone3)
		return unhide_in_memory(t, &p->call);
	if (p->call.number != SYS_clone || !(p->call.args[0] & CLONE_UNTRACED))
		return 0;
	arch_set_first_arg(&p->regs, p->call.args[0] & ~(uint64_t)CLONE_UNTRACED);
	return arch_write(p->call.tid, &p->regs) < 0 ? -ENOSYS : 0;
}

/*
 * What a process may have been born with, when others can have changed the flags since the kernel read them, all but
 * CLONE_VFORK.
 */
static uint64_t worst(uint64_t flags, bool sure)
{
	return sure ? flags : flags | CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_NEWNS | CLONE_NEWPID;
}

/* Exit signals other than SIGCHLD make a process look like a thread to ptrace, so only the kernel's word counts. */
static bool is_thread_of(pid_t pid, pid_t tid)
{
	return syscall(SYS_tgkill, pid, tid, 0) == 0;
}

/* What is changed by others' calls, too, or is not all threads', is not remembered. */
static void note_fs(struct process *parent, struct process *child, bool thread, uint64_t flags)
{
	if (thread == !(flags & CLONE_FS))
		parent->fs_apart = child->fs_apart = true;
}

/* A parent that waits for its child (vfork) cannot meddle with it, and its own other threads share with both. */
static void note_sharing(struct process *parent, struct process *child, uint64_t flags)
{
	if (!(flags & (CLONE_VM | CLONE_FILES)))
		return;
	child->program.shares = !(flags & CLONE_VFORK) || tracees_shares(parent) || parent->threads > 1;
	if (!(flags & CLONE_VFORK))
		parent->program.shares = true;
}

/*
 * Nothing more is asked of the two when ids say all: they go on before we tell of them. Whatever they do next
 * is looked at after that all the same.
 */
static void resume(struct tracer *t, struct tracee *child, struct tracee *parent, bool at_once)
{
	struct tracee *both[] = { child, parent };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		if (both[i] && both[i]->stopped && at_once)
			stops_resume(t, both[i], 0);
		else if (both[i] && both[i]->stopped)
			told_add(t, &(struct told){ .kind = TOLD_RESUME, .tid = both[i]->tid });
}

static struct tracee *know_child(struct tracer *t, struct tracee *parent, pid_t tid, bool thread, uint64_t flags)
{
	pid_t pid = thread ? parent->process->pid : tid;
	struct tracee *child = tracees_find(&t->tracees, tid);
	bool over = child && child->over; /* the id was another's before */
	bool stopped = child && child->stopped && !over, seized = child && child->seized && !over;
	bool pending = child && t->pending.tracee == child;

	if (child)
		tracees_remove(&t->tracees, child);
	child = tracees_add(&t->tracees, tid, pid);
	if (pending)
		t->pending.tracee = over ? NULL : child;
	if (!child)
		return NULL;
	child->stopped = stopped;
	child->seized = seized;
	/* what is looked up in its own namespaces only it can look up, until an exec shows that nothing is different */
	child->identity = parent->identity;
	child->rights = parent->rights;
	if (flags & (CLONE_NEWUSER | CLONE_NEWNS) && child->identity != IDENTITY_CONFINED)
		child->identity = IDENTITY_OTHER;
	child->process->program.signals = parent->process->program.signals;
	child->process->other_ids |= parent->process->other_ids || flags & (CLONE_NEWPID | CLONE_NEWUSER);
	if (!thread)
		child->process->parent = flags & CLONE_PARENT ? parent->process->parent : parent->process->pid;
	return child;
}

/*
 * A child of who has left for another namespace (unshare(), setns()) has other ids there, which its caller's event
 * does not have: by this flag it is the child's own that says them.
 */
static uint32_t namespace_flag(const struct tracer *t, const struct tracee *child)
{
	struct procfs_task task;
	struct error ignored;

	return procfs_read_status(child->tid, &task, &ignored) == 0 && task.in_pid_namespace ? t->clone_in_pidns : 0;
}

/* Of whom, by whom and with which flags: the rest of told is as the kind of news has it. */
static void add_birth(struct tracer *t, struct tracee *parent, struct tracee *child, uint64_t flags, bool sure,
		      struct told *told)
{
	bool thread = child && child->process == parent->process;

	told->tid = parent->tid;
	told->pid = parent->process->pid;
	told->parent = parent->process->parent;
	told->flags = translate(t, flags);
	if (child && child->process->other_ids)
		told->flags |= namespace_flag(t, child);
	/* what the calls that change it have told of the caller is true of its copy */
	told->ids_only = !t->in_full && child && !child->process->other_ids && !(flags & CLONE_INTO_CGROUP);
	t->slow.apart |= (worst(flags, sure) & (CLONE_NEWNS | CLONE_NEWUSER)) != 0;
	if (child && !thread)
		note_sharing(parent->process, child->process, worst(flags, sure));
	if (child)
		note_fs(parent->process, child->process, thread, thread ? flags : worst(flags, sure));

	told->kind = TOLD_BIRTH_PARENT;
	told_add(t, told);
	if (!child) {
		t->stats.dropped++;
		return;
	}
	told->kind = TOLD_BIRTH_CHILD;
	told->copy_of = flags & CLONE_INTO_CGROUP ? 0 : parent->tid;
	told->parent = child->process->parent;
	told->pid = child->process->pid;
	told->tid = child->tid;
	told->child = 0;
	told_add(t, told);
}

/*
 * Whether its stops and its end are still to come. A child that is killed before it has done anything may be
 * reaped before its parent's stop comes.
 */
static bool is_ours(pid_t tid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT | __WALL | __WNOTHREAD) == 0 ||
	       errno != ECHILD;
}

void birth_stop(struct tracer *t, struct tracee *parent, int ptrace_event)
{
	struct told told = { 0 };
	struct tracee *child;
	unsigned long message;
	bool sure, thread, unborn;
	uint64_t flags;

	if (ptrace(PTRACE_GETEVENTMSG, parent->tid, NULL, &message) < 0) {
		stops_resume(t, parent, 0);
		return;
	}
	/* heard of before, and perhaps of its end, too; one whose record was lost is adopted at its own stop */
	if (t->rings) {
		child = tracees_find(&t->tracees, (pid_t)message);
		if (child && child->newborn && !child->over) { /* ours before it stops: who wants to trace it asks us */
			child->seized = true;
			child->loose = false;
		}
		stops_resume(t, parent, 0);
		return;
	}
	told.child = (pid_t)message;
	flags = native_flags(t, parent, ptrace_event, &told.type, &sure);
	thread = is_thread_of(parent->process->pid, told.child);
	child = know_child(t, parent, told.child, thread, thread ? flags : worst(flags, sure));
	unborn = child && !child->stopped && !is_ours(child->tid);
	if (child) {
		child->seized = !unborn;
		child->newborn = !child->stopped;
	}
	add_birth(t, parent, child, flags, sure, &told);
	if (unborn)
		stops_ended(t, child->tid, SIGKILL);
	resume(t, unborn ? NULL : child, parent, told.ids_only);
}

struct tracee *birth_heard(struct tracer *t, struct tracee *parent, const struct task_record *record, uint64_t ts)
{
	/* which call it was only rules on births ask for, and they have stops */
	struct told told = { .child = record->tid, .type = EV_SYSCALL_CLONE_20_X, .ts = ts };
	struct tracee *child = know_child(t, parent, record->tid, record->flags & CLONE_THREAD, record->flags);

	if (child) {
		child->loose = !child->seized;
		tracees_born(child, record->time);
	}
	add_birth(t, parent, child, record->flags, true, &told);
	return child;
}
