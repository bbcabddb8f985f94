/* SPDX-License-Identifier: Apache-2.0 */
/* Those that make the calls of mix: how they are born, meet, execute and end. */
#include "mix.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char small_stack[STACK] __attribute__((aligned(64)));

/* ---- others -------------------------------------------------------------------------------------------- */

void counted(int number)
{
	(void)number;
	for (int i = 0; i < ACTORS; i++)
		if (all->actors[i].alive && all->actors[i].tid == RAW(SYS_gettid))
			all->actors[i].handled++;
}

static int free_slot(void)
{
	for (int i = 0; i < ACTORS; i++)
		if (!all->actors[i].alive)
			return i;
	return -1;
}

void act_birth(void)
{
	int flags = PICK(int, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD,
			 CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FS | CLONE_FILES, CLONE_VM,
			 CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND, 0, 0, CLONE_FILES, CLONE_FS,
			 CLONE_FS | CLONE_FILES, CLONE_UNTRACED, CLONE_PARENT);
	struct actor *a, *mine = me();
	int slot = free_slot();
	long pid;

	if (slot < 0)
		return;
	a = &all->actors[slot];
	*a = (struct actor){ .spaces = mine->spaces,
			     .mapped = mine->mapped,
			     .parent = flags & CLONE_PARENT ? mine->parent : mine->group };
	if (flags & CLONE_THREAD) {
		a->group = mine->group;
		a->pid = mine->pid;
		a->parent = mine->parent;
	} else {
		a->group = ++all->groups;
		flags |= SIGCHLD;
	}
	say(" clone %x", flags);
	a->alive = true;
	pid = clone(live_on, stack_of(slot), flags, a);
	if (pid < 0) {
		a->alive = false;
		say(" = %d\n", -errno);
		return;
	}
	a->tid = (int)pid;
	if (!(flags & CLONE_THREAD))
		a->pid = (int)pid;
	say(" = number %d\n", slot);
}

/* What will end with the current one. */
static void doom_group(int group)
{
	for (int i = 0; i < ACTORS; i++)
		if (all->actors[i].alive && all->actors[i].group == group)
			all->actors[i].dying = true;
}

void end_process(int status)
{
	doom_group(me()->group);
	give_turn(NOBODY);
	RAW(SYS_exit_group, status);
}

int alive(void)
{
	int n = 0;

	for (int i = 0; i < ACTORS; i++)
		n += all->actors[i].alive;
	return n;
}

void act_end(void)
{
	struct actor *other = &all->actors[below(ACTORS)];
	int handled;

	if (alive() < 2)
		return;
	switch (below(5)) {
	case 0:
		me()->dying = true;
		say(" exit\n");
		give_turn(NOBODY);
		RAW(SYS_exit, 3);
		break;
	case 1:
		say(" exit_group\n");
		end_process(4);
		break;
	case 2:
		if (!other->alive || other->group == me()->group)
			return;
		say(" kill %d", (int)(other - all->actors));
		if (CALL(kill, "pd", other->pid, SIGKILL) == 0)
			doom_group(other->group);
		break;
	default:
		if (!other->alive)
			return;
		say(" of %d handled %d", (int)(other - all->actors), other->handled);
		handled = other->handled;
		if (CALL(tgkill, "ppd", other->pid, other->tid, SIGUSR1) == 0)
			while (__atomic_load_n(&other->handled, __ATOMIC_SEQ_CST) == handled)
				RAW(SYS_sched_yield);
	}
}

void act_look(void)
{
	struct actor *other = &all->actors[below(ACTORS)];
	char name[64];
	long fd;

	if (!other->alive)
		return;
	say(" of %d", (int)(other - all->actors));
	if (one_in(2)) {
		fd = CALL(pidfd_open, "pd", other->pid, 0);
		if (fd < 0)
			return;
		opened(CALL(pidfd_getfd, "ddd", fd, descriptor(), 0));
		RAW(SYS_close, fd);
	} else {
		int number = descriptor();

		snprintf(name, sizeof(name), "/proc/%d/fd/%d", other->tid, number);
		say(" descriptor %d", number);
		opened(CALL(openat, "dpxx", AT_FDCWD, WORD(name), open_flags(), 0600));
	}
}

/* ---- programs ------------------------------------------------------------------------------------------ */

void act_execute(void)
{
	static char huge[256 << 10];
	const char *words[] = { "mix", "again", NULL }, *environment[] = { "E=1", NULL };
	const struct rlimit enough = { 64, 512 }; /* for its loader, too, where nobody could tell of a failure */
	char program[5000];

	RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, WORD(&enough), 0);
	switch (below(10)) {
	case 0:
		memset(huge, 'h', sizeof(huge) - 1);
		words[1] = huge;
		CALL(execve, "spp", WORD("/proc/self/exe"), WORD(words), WORD(environment));
		break;
	case 1:
	case 2:
		CALL(execve, "spp", WORD(path()), WORD(words), WORD(environment));
		break;
	case 3:
		CALL(execve, "spp", WORD(name()), 1, WORD(environment));
		break;
	case 4:
		CALL(execveat, "dsppx", folder(), WORD(name()), WORD(words), WORD(environment),
		     PICK(int, 0, AT_EMPTY_PATH));
		break;
	case 5:
		CALL(execve, "spp", WORD(absolute(program, "", "again")), WORD(words), WORD(environment));
		break;
	case 6:
		CALL(execveat, "dsppx", SELF, WORD(""), WORD(words), 0, AT_EMPTY_PATH);
		break;
	default:
		CALL(execve, "spp", WORD("/proc/self/exe"), WORD(words), WORD(environment));
	}
}

static int spawned(void *unused)
{
	const struct rlimit enough = { 64, 512 };

	(void)unused;
	RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, WORD(&enough), 0);
	if (one_in(2))
		act_descriptor();
	if (one_in(3))
		act_folder();
	if (one_in(3))
		act_user();
	switch (below(3)) {
	case 0:
		CALL(execve, "spp", WORD(name()), 0, 0);
		break;
	case 1: {
		const char *words[] = { "mix", "end", NULL };

		CALL(execve, "spp", WORD("/proc/self/exe"), WORD(words), 0);
		break;
	}
	}
	return 7;
}

/* As posix_spawn() does. */
void act_spawn(void)
{
	int flags = CLONE_VM | CLONE_VFORK | SIGCHLD | PICK(int, 0, CLONE_FILES, CLONE_FS), status = 0;
	long pid;

	say(" spawn %x {\n", flags);
	pid = clone(spawned, small_stack + STACK - 64, flags, NULL);
	if (pid < 0) {
		say("} = %d\n", -errno);
		return;
	}
	while (RAW(SYS_wait4, pid, WORD(&status), __WALL, 0) == -EINTR)
		;
	say("} status %x\n", status);
}
