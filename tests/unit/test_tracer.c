/* SPDX-License-Identifier: Apache-2.0 */
/* Which calls a filter catches, seen from a child below it; the table of threads against a naive one; hard links. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tracer/filter.h"
#include "tracer/launch.h"
#include "tracer/links.h"
#include "tracer/tracee.h"

#define PROTECTED 12345678 /* a process id that is not in use */

static struct filter *make(const struct intercept_want *wants, size_t nwants, facts_t facts, pid_t protect)
{
	const struct intercept_set set = { .wants = wants, .nwants = nwants, .facts = facts };
	const struct filter_options options = { .protect = protect,
						.handover = protect > 0,
						.watch_io_uring = protect > 0 };
	static struct calls calls;
	struct filter *f = NULL;
	struct error err = { 0 };

	calls_init(&calls);
	assert_int_equal(filter_new(&set, &calls, &options, &f, &err), 0);
	return f;
}

struct attempt {
	long number;
	long args[3];
	bool caught;
};

/* Without a tracer a call that RET_TRACE catches fails with ENOSYS: the child sees what is caught. */
static void expect_caught(const struct filter *f, const struct attempt *attempts, size_t n)
{
	auto_free struct sock_filter *program = NULL;
	struct error err = { 0 };
	size_t length;
	int status;
	pid_t child;

	assert_int_equal(filter_program(f, FILTER_TRACE, filter_messages_new(), &program, &length, &err), 0);
	child = fork();
	if (child == 0) {
		bool killable;

		if (launch_install(program, length, false, &killable) < 0)
			_exit(200);
		for (size_t i = 0; i < n; i++) {
			const struct attempt *a = &attempts[i];
			long r = syscall(a->number, a->args[0], a->args[1], a->args[2]);

			if ((r < 0 && errno == ENOSYS) != a->caught)
				_exit((int)i + 1);
		}
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0); /* else the number of the attempt, from 1 */
}

static void catches_wanted_events_only(void **state)
{
	const struct intercept_want wants[] = { { .event = EV_SYSCALL_DUP_1_X } };
	const struct attempt attempts[] = {
		{ SYS_dup, { 0 }, true },
		{ SYS_dup3, { 0, 9, 0 }, false },
		{ SYS_chdir, { (long)"/" }, false },
		{ SYS_getppid, { 0 }, false },
	};
	auto_filter struct filter *f = make(wants, 1, 0, 0);

	(void)state;
	assert_true(filter_wants(f, SYS_dup));
	assert_false(filter_catches(f, SYS_getppid));
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void catches_writers_of_facts(void **state)
{
	const struct attempt attempts[] = {
		{ SYS_chdir, { (long)"/" }, true },
		{ SYS_fchdir, { 0 }, true },
		{ SYS_prctl, { PR_SET_NAME, (long)"x" }, true },
		{ SYS_prctl, { PR_GET_DUMPABLE }, false },
		{ SYS_prctl, { PR_SET_CHILD_SUBREAPER, 1 }, true },
		{ SYS_setpgid, { 0, 0 }, false },
		{ SYS_dup, { 0 }, false }, /* descriptors are asked for, not followed */
	};
	auto_filter struct filter *f = make(NULL, 0, FACT_CWD | FACT_COMM | FACT_LINEAGE | FACT_FD, 0);

	(void)state;
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void compares_low_halves(void **state)
{
	const struct attempt attempts[] = {
		{ SYS_kill, { PROTECTED, 0 }, true },
		{ SYS_kill, { PROTECTED | 0x7700000000, 0 }, true },
		{ SYS_kill, { -1, 0 }, true },
		{ SYS_kill, { 0xffffffff, 0 }, true },
		{ SYS_kill, { -PROTECTED, 0 }, true },
		{ SYS_kill, { 0, 0 }, false },
		{ SYS_kill, { PROTECTED + 1, 0 }, true }, /* a thread of it, perhaps */
		{ SYS_kill, { PROTECTED + 1, SIGURG }, false },
		{ SYS_tkill, { PROTECTED + 1, SIGUSR1 }, true },
		{ SYS_tgkill, { PROTECTED + 1, PROTECTED, 0 }, false },
		{ SYS_tgkill, { PROTECTED, PROTECTED, 0 }, true },
		{ SYS_ptrace, { PTRACE_TRACEME }, true },
		{ SYS_ptrace, { PTRACE_CONT, PROTECTED }, false },
		{ SYS_ptrace, { PTRACE_SEIZE, PROTECTED + 1 }, true },
		{ SYS_pidfd_open, { PROTECTED, 0 }, true },
		{ SYS_pidfd_open, { PROTECTED + 1, 0 }, false },
		{ SYS_pidfd_open, { PROTECTED + 1, CALLS_PIDFD_THREAD }, true },
		{ SYS_prlimit64, { 0, 0 }, false },
		{ SYS_prlimit64, { PROTECTED + 1, 0 }, true },
		{ SYS_fcntl, { 0, F_SETOWN, PROTECTED + 1 }, true },
		{ SYS_fcntl, { 0, F_GETFL, PROTECTED }, false },
		{ SYS_io_uring_setup, { 1, 0 }, true },
	};
	auto_filter struct filter *f = make(NULL, 0, 0, PROTECTED);

	(void)state;
	assert_false(filter_wants(f, SYS_kill));
	assert_true(filter_catches(f, SYS_kill));
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

/* Their ids, and those of their threads, are not known before. */
static void catches_what_aims_at_programs(void **state)
{
	static const struct attempt attempts[] = {
		{ SYS_tgkill, { PROTECTED + 1, PROTECTED + 1, 0 }, true },
		{ SYS_tgkill, { PROTECTED + 1, PROTECTED + 1, SIGURG }, false },
		{ SYS_tgkill, { PROTECTED, PROTECTED, SIGURG }, true },
		{ SYS_tgkill, { 0, PROTECTED + 1, 0 }, false },
		{ SYS_rt_tgsigqueueinfo, { PROTECTED + 1, PROTECTED + 1, 0 }, true },
	};
	const struct intercept_set none = { 0 };
	const struct filter_options options = { .protect = PROTECTED, .protect_programs = true };
	auto_filter struct filter *f = NULL;
	static struct calls calls;

	(void)state;
	calls_init(&calls);
	assert_int_equal(filter_new(&none, &calls, &options, &f, NULL), 0);
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
}

static void catches_affinity_of_others(void **state)
{
	static const struct attempt attempts[] = {
		{ SYS_sched_getaffinity, { 0, 0, 0 }, false },
		{ SYS_sched_getaffinity, { PROTECTED + 1, 0, 0 }, true },
		{ SYS_sched_setaffinity, { PROTECTED, 0, 0 }, true },
		{ SYS_sched_setaffinity, { 0, 0, 0 }, false },
	};
	const struct intercept_set none = { 0 };
	const struct filter_options options = { .watch_affinity = true, .protect = PROTECTED },
				    without = { .protect = PROTECTED };
	auto_filter struct filter *f = NULL, *g = NULL;
	static struct calls calls;

	(void)state;
	calls_init(&calls);
	assert_int_equal(filter_new(&none, &calls, &options, &f, NULL), 0);
	assert_int_equal(filter_new(&none, &calls, &without, &g, NULL), 0);
	expect_caught(f, attempts, ARRAY_SIZE(attempts));
	for (size_t i = 0; i < ARRAY_SIZE(attempts); i++)
		assert_int_equal(filter_matches(f, attempts[i].number, (uint64_t[6]){ (uint64_t)attempts[i].args[0] }),
				 attempts[i].caught);
	assert_int_equal(filter_missing(f, g), -1);
	assert_true(filter_missing(g, f) >= 0);
}

static void knows_what_is_missing(void **state)
{
	const struct intercept_want wants[] = { { .event = EV_SYSCALL_DUP_1_X }, { .event = EV_SYSCALL_CHDIR_X } };
	auto_filter struct filter *both = make(wants, 2, 0, 0);
	auto_filter struct filter *one = make(wants, 1, 0, 0);
	auto_filter struct filter *some_kills = make(wants, 1, 0, PROTECTED);
	auto_filter struct filter *other_kills = make(wants, 1, 0, PROTECTED + 1);

	(void)state;
	assert_int_equal(filter_missing(both, one), -1);
	assert_int_equal(filter_missing(one, both), SYS_chdir);
	assert_int_equal(filter_missing(some_kills, one), -1);
	assert_true(filter_missing(one, some_kills) >= 0);
	assert_true(filter_missing(some_kills, other_kills) >= 0);
}

#if defined(__x86_64__)
static void refuses_foreign_calls(void **state)
{
	auto_filter struct filter *f = make(NULL, 0, 0, 0);
	auto_free struct sock_filter *program = NULL;
	size_t length;
	int status;
	pid_t child;

	(void)state;
	assert_int_equal(filter_program(f, FILTER_TRACE, filter_messages_new(), &program, &length, NULL), 0);
	child = fork();
	if (child == 0) {
		bool killable;
		long r;

		if (launch_install(program, length, false, &killable) < 0)
			_exit(200);
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(20) : "memory"); /* getpid of i386 */
		_exit((int)r == -ENOSYS && syscall(0x40000000 + SYS_getpid) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

#define IDS 600

/* Random births, ends and execs against two plain arrays. */
static void table_follows_a_naive_one(void **state)
{
	static pid_t process_of[IDS];
	struct tracees t;
	unsigned int seed = 1;
	size_t known = 0;

	(void)state;
	assert_int_equal(tracees_init(&t, NULL), 0);
	for (int step = 0; step < 60000; step++) {
		seed = seed * 1103515245u + 12345u;
		pid_t tid = (pid_t)(seed >> 8) % (IDS - 1) + 1, pid = (pid_t)(seed >> 20) % (IDS - 1) + 1;
		struct tracee *e = tracees_find(&t, tid);

		assert_int_equal(e != NULL, process_of[tid] != 0);
		if (e)
			assert_int_equal(e->process->pid, process_of[tid]);
		if (!e && seed & 1) {
			assert_non_null(tracees_add(&t, tid, pid));
			process_of[tid] = pid;
			known++;
		} else if (e && (seed >> 3) % 50 == 0) {
			pid = process_of[tid];
			/* only the process's own leader's id may be taken over */
			if (process_of[pid] == pid || process_of[pid] == 0) {
				tracees_exec(&t, pid, tid);
				for (pid_t i = 1; i < IDS; i++)
					if (process_of[i] == pid) {
						process_of[i] = 0;
						known--;
					}
				process_of[pid] = pid;
				known++;
			}
		} else if (e) {
			tracees_remove(&t, e);
			process_of[tid] = 0;
			known--;
		}
		assert_int_equal(t.count, known);
	}
	tracees_free(&t);
}

/* ---- hard links ---------------------------------------------------------------------------------------- */

static char folder[] = "/tmp/test_links.XXXXXX";

static const char *below(const char *name)
{
	static char paths[4][64];
	static unsigned int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void make_file(const char *name)
{
	int fd = open(below(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* 0 = as we see it, which is the same. */
static void expect_link_of(struct links *l, pid_t pid, const struct stat *st, const char *opened, const char *found)
{
	struct str link;

	/* looks are limited to a share of the time, and a busy machine makes each take long */
	for (int i = 0; i < 500; i++) {
		link = links_find(l, pid, AT_FDCWD, opened, st, str_of(opened), false);
		if (strcmp(link.len ? link.ptr : "", found) == 0)
			return;
		usleep(10000);
	}
	assert_string_equal(link.len ? link.ptr : "", found);
}

static void expect_link(struct links *l, const char *opened, const char *found)
{
	char path[64], link[64] = "";
	struct stat st;

	snprintf(path, sizeof(path), "%s", below(opened));
	if (found)
		snprintf(link, sizeof(link), "%s", below(found));
	assert_int_equal(stat(path, &st), 0);
	expect_link_of(l, getpid(), &st, path, link);
	expect_link_of(l, 0, &st, path, link);
}

static void tells_hard_links(void **state)
{
	struct links *l = NULL;
	struct str paths[5];
	char text[5][64];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	make_file("secret");
	make_file("alone");
	make_file("other");
	assert_int_equal(symlink("behind", below("alias")), 0);
	make_file("behind");
	assert_int_equal(link(below("secret"), below("hard")), 0);
	assert_int_equal(link(below("secret"), below("hard-also")), 0);
	assert_int_equal(link(below("behind"), below("behind-hard")), 0);
	for (int i = 0; i < 5; i++) {
		static const char *const names[] = { "alias", "missing", "secret", "alone", "hard-also" };

		snprintf(text[i], sizeof(text[i]), "%s", below(names[i]));
		paths[i] = str_of(text[i]);
	}
	assert_int_equal(links_new(paths, 5, &l), 0);
	expect_link(l, "hard", "secret");
	expect_link(l, "secret", NULL); /* by its own name */
	expect_link(l, "hard-also", NULL); /* that is one of those, too */
	expect_link(l, "other", NULL); /* one name */
	expect_link(l, "behind-hard", "alias");

	/* a file with one name can be shown by a mount */
	assert_int_equal(stat(below("alone"), &st), 0);
	assert_true(str_eq(links_find(l, 0, AT_FDCWD, "/shown", &st, STR("/shown"), true), paths[3]));
	assert_int_equal(links_find(l, 0, AT_FDCWD, paths[3].ptr, &st, paths[3], true).len, 0);
	/* moved */
	assert_int_equal(rename(below("alone"), below("moved")), 0);
	assert_true(str_eq(links_find(l, 0, AT_FDCWD, below("moved"), &st, str_of(below("moved")), false), paths[3]));
	assert_int_equal(rename(below("moved"), below("alone")), 0);

	assert_int_equal(unlink(below("hard-also")), 0);
	/* another file takes the name, as passwd(1) does it */
	usleep(10000);
	assert_int_equal(link(below("other"), below("other-hard")), 0);
	expect_link(l, "other-hard", NULL);
	assert_int_equal(rename(below("other"), below("secret")), 0);
	usleep(10000); /* looks are limited to a share of the time */
	expect_link(l, "other-hard", "secret");
	assert_int_equal(link(below("hard"), below("hard-too")), 0);
	usleep(10000);
	expect_link(l, "hard-too", "secret"); /* that is what was there first */
	links_free(l);
	for (size_t i = 0; i < 10; i++)
		unlink(below(((const char *[]){ "secret", "alias", "behind", "hard", "behind-hard", "other-hard",
						"hard-too", "other", "alone", "hard-also" })[i]));
	assert_int_equal(rmdir(folder), 0);
}

/* ---- links of others ----------------------------------------------------------------------------------- */

static bool go_below(void)
{
	return chroot(below("root")) == 0;
}

static bool show_another(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount(below("other"), below("secret"), NULL, MS_BIND, NULL) == 0;
}

/* A process to which paths lead elsewhere. */
static pid_t child_of_other_view(bool (*change)(void))
{
	int told[2];
	char done = 0;
	pid_t pid;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		done = change();
		if (write(told[1], &done, 1) == 1)
			for (;;)
				pause();
		_exit(1);
	}
	assert_true(pid > 0);
	close(told[1]);
	assert_int_equal(read(told[0], &done, 1), 1);
	close(told[0]);
	if (done)
		return pid;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

/* The one file that a path leads to in a process's view, and another in ours; each is known at the first look. */
static void tells_hard_links_of_others(void **state)
{
	static const struct {
		bool (*change)(void);
		const char *file;
	} cases[] = { { go_below, "theirs" }, { show_another, "other" } };
	char secret[64], opened[64];
	struct links *l = NULL;
	struct str path;
	int root;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_links.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(secret, sizeof(secret), "%s", below("secret"));
	path = str_of(secret);
	make_file("secret");
	make_file("other");
	make_file("theirs");
	assert_int_equal(link(below("secret"), below("hard")), 0);
	assert_int_equal(link(below("other"), below("other-hard")), 0);
	/* the same path below another root */
	assert_int_equal(mkdir(below("root"), 0755), 0);
	root = open(below("root"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(root, "tmp", 0755), 0);
	assert_int_equal(mkdirat(root, folder + 1, 0755), 0);
	assert_int_equal(linkat(AT_FDCWD, below("theirs"), root, secret + 1, 0), 0);
	usleep(30000); /* so that nothing looks new */
	assert_int_equal(links_new(&path, 1, &l), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pid_t pid = child_of_other_view(cases[i].change);
		struct stat st;

		if (pid < 0)
			continue;
		snprintf(opened, sizeof(opened), "%s", below("hard"));
		assert_int_equal(stat(opened, &st), 0);
		assert_true(str_eq(links_find(l, 0, AT_FDCWD, opened, &st, str_of(opened), false), path));
		snprintf(opened, sizeof(opened), "%s", below(cases[i].file));
		assert_int_equal(stat(opened, &st), 0);
		assert_true(str_eq(links_find(l, pid, AT_FDCWD, opened, &st, str_of(opened), false), path));
		assert_int_equal(links_find(l, 0, AT_FDCWD, opened, &st, str_of(opened), false).len, 0);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	links_free(l);
	unlinkat(root, secret + 1, 0);
	unlinkat(root, folder + 1, AT_REMOVEDIR);
	unlinkat(root, "tmp", AT_REMOVEDIR);
	close(root);
	rmdir(below("root"));
	for (size_t i = 0; i < 5; i++)
		unlink(below(((const char *[]){ "secret", "other", "theirs", "hard", "other-hard" })[i]));
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(catches_wanted_events_only),
		cmocka_unit_test(catches_writers_of_facts),
		cmocka_unit_test(compares_low_halves),
		cmocka_unit_test(catches_what_aims_at_programs),
		cmocka_unit_test(catches_affinity_of_others),
		cmocka_unit_test(knows_what_is_missing),
#if defined(__x86_64__)
		cmocka_unit_test(refuses_foreign_calls),
#endif
		cmocka_unit_test(table_follows_a_naive_one),
		cmocka_unit_test(tells_hard_links),
		cmocka_unit_test(tells_hard_links_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
