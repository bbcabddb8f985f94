/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mix SEED CALLS: as many system calls as that, of up to four threads and processes that share memory, descriptors,
 * folders or nothing, in turns, with arguments that are picked at random. They start and kill one another, execute
 * themselves again, and change users, roots and mounts. What each call gave is printed in the end, and what is in the
 * folder. The same seed prints the same. Begins in a folder that is a few below one of its own: names lead no further
 * up, so root may run it, but nothing else should be writable then.
 */
#include "mix.h"

#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct shared *all;
static uint64_t state;
static char stacks[ACTORS][STACK] __attribute__((aligned(64)));

/* Without errno, which threads share here. */
long raw(long nr, long a, long b, long c, long d, long e, long f)
{
#ifdef __x86_64__
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
#else
	register long x8 __asm__("x8") = nr, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c,
			 x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
	return x0;
#endif
}

static uint32_t next(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state * 0x2545f4914f6cdd1dull) >> 33);
}

uint32_t below(uint32_t n)
{
	return next() % n;
}

bool one_in(uint32_t n)
{
	return below(n) == 0;
}

struct actor *me(void)
{
	return &all->actors[all->turn];
}

/* ---- the log ------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(all->log + all->len, LOG - all->len, format, ap);
	va_end(ap);
	if (n > 0 && all->len + (size_t)n < LOG)
		all->len += (size_t)n;
}

long made(const char *name, const char *format, const long *c)
{
	long r;

	say(" %s", name);
	for (int i = 1; *format; format++, i++) {
		const char *s = (const char *)(uintptr_t)c[i];

		if (*format == 's' && (uintptr_t)s < 4096)
			say(" %ld", c[i]);
		else if (*format == 's')
			say(" \"%.80s\"", s + (strncmp(s, all->home, strlen(all->home)) ? 0 : strlen(all->home)));
		else if (*format == 'd')
			say(" %d", (int)c[i]);
		else if (*format == 'x')
			say(" %lx", (unsigned long)c[i]);
	}
	do /* ".." below a root fails so while anybody moves or mounts something anywhere */
		r = raw(c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
	while (r == -EAGAIN && c[0] == SYS_openat2);
	say(" = %ld by %ld\n", r, me()->mapped ? -1 : RAW(SYS_geteuid));
	return r;
}

/* What differs from run to run: numbers of processes, of files. */
static void show_link(const char *link)
{
	if (!strncmp(link, all->home, strlen(all->home)))
		link += strlen(all->home);
	for (const char *p = link; *p; p++) {
		say("%c", *p);
		if (strchr("[#", *p) ||
		    (p - link >= 5 && (!strncmp(p - 5, "/proc/", 6) || !strncmp(p - 5, "/task/", 6))))
			while (p[1] >= '0' && p[1] <= '9')
				p++;
	}
}

void show_descriptor(int fd)
{
	char name[64], link[4200];
	struct stat st;
	long n;

	if (RAW(SYS_fstat, fd, WORD(&st)) < 0)
		return;
	n = RAW(SYS_fcntl, fd, F_GETFL);
	if (S_ISLNK(st.st_mode)) /* of a link in /proc what it was when somebody last looked */
		st.st_mode &= S_IFMT;
	say("   %d: mode %o", fd, st.st_mode);
	if (S_ISREG(st.st_mode))
		say(" links %d size %ld at %ld", (int)st.st_nlink, (long)st.st_size, RAW(SYS_lseek, fd, 0, SEEK_CUR));
	if (!S_ISCHR(st.st_mode))
		say(" of %d:%d", st.st_uid, st.st_gid);
	say(" flags %lo %ld", n, RAW(SYS_fcntl, fd, F_GETFD));
	snprintf(name, sizeof(name), "/proc/thread-self/fd/%d", fd);
	n = RAW(SYS_readlinkat, AT_FDCWD, WORD(name), WORD(link), 4199);
	link[n < 0 ? 0 : n] = '\0';
	say(" %ld ", n < 0 ? n : 0);
	show_link(link);
	say("\n");
}

void opened(long fd)
{
	if (fd >= 0)
		show_descriptor((int)fd);
}

/* ---- turns --------------------------------------------------------------------------------------------- */

char *stack_of(int slot)
{
	return stacks[slot] + STACK - 64;
}

static void futex_wait(int *word, int value)
{
	RAW(SYS_futex, WORD(word), FUTEX_WAIT, value);
}

void give_turn(int to)
{
	__atomic_store_n(&all->turn, to, __ATOMIC_SEQ_CST);
	RAW(SYS_futex, WORD(&all->turn), FUTEX_WAKE, 1000);
}

static void wait_turn(int mine)
{
	int turn;

	while ((turn = __atomic_load_n(&all->turn, __ATOMIC_SEQ_CST)) != mine)
		futex_wait(&all->turn, turn);
}

static int live(int self);

int live_on(void *slot)
{
	struct actor *a = slot;
	int self = (int)(a - all->actors);

	wait_turn(self);
	return live(self);
}

static const struct {
	void (*act)(void);
	uint32_t weight;
} acts[] = {
	{ act_open, 14 },          { act_name, 10 }, { act_old_name, 5 }, { act_mode, 5 },    { act_descriptor, 12 },
	{ act_new_descriptor, 6 }, { act_bytes, 4 }, { act_folder, 3 },   { act_user, 4 },    { act_spaces, 3 },
	{ act_unshare, 1 },        { act_limit, 1 }, { act_list, 2 },     { act_socket, 14 }, { act_travel, 3 },
	{ act_wait, 1 },           { act_birth, 6 }, { act_end, 2 },      { act_look, 3 },    { act_execute, 2 },
	{ act_spawn, 2 },
};

static void act(void)
{
	uint32_t sum = 0, at;

	for (size_t i = 0; i < COUNT(acts); i++)
		sum += acts[i].weight;
	at = below(sum);
	for (size_t i = 0; i < COUNT(acts); i++) {
		if (at < acts[i].weight) {
			acts[i].act();
			return;
		}
		at -= acts[i].weight;
	}
}

/* Back, if it is not below the folder: then no name leads out of it and the folders that it is in. */
static void stay(void)
{
	char at[4200];
	long n = RAW(SYS_getcwd, WORD(at), sizeof(at));
	size_t home = strlen(all->home);

	if (n > 0 && (strncmp(at, all->home, home) || !strchr("/", at[home])))
		RAW(SYS_fchdir, HOME);
}

static void reap(void)
{
	int status = 0;
	long r;

	while ((r = RAW(SYS_wait4, all->reap, WORD(&status), __WALL, 0)) == -EINTR)
		;
	say("   number %d has ended with %x %ld\n", all->reap_of, status, r < 0 ? r : 0);
	all->reap = 0;
}

/* Whose turn comes next: somebody's who lives. */
static int choose(void)
{
	int at = (int)below(ACTORS);

	while (!all->actors[at].alive)
		at = (at + 1) % ACTORS;
	return at;
}

static bool any_dying(void)
{
	for (int i = 0; i < ACTORS; i++)
		if (all->actors[i].dying)
			return true;
	return false;
}

static void seed(void)
{
	state = (all->seed * 1000003 + (uint64_t)all->count) * 0x9e3779b97f4a7c15ull + 88172645463325252ull;
	for (int i = 0; i < 8; i++)
		next();
}

static int live(int self)
{
	for (;;) {
		if (all->reap) {
			reap();
			give_turn(NOBODY);
		} else if (all->end) {
			end_process(5);
		} else {
			all->count++;
			seed();
			stay();
			say("%ld.%d", all->count, self);
			act();
			if (all->log[all->len - 1] != '\n')
				say("\n");
			give_turn(any_dying() || all->count >= all->calls ? NOBODY : choose());
		}
		wait_turn(self);
	}
	return 0;
}

/* The program goes on as another one: of its process only this thread is left. */
static int again(void)
{
	struct actor *mine;

	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED, SHARED, 0);
	if (all == MAP_FAILED)
		return 97;
	mine = me();
	for (int i = 0; i < ACTORS; i++)
		if (&all->actors[i] != mine && all->actors[i].group == mine->group)
			all->actors[i].alive = all->actors[i].dying = false;
	mine->tid = mine->pid;
	signal(SIGUSR1, counted);
	say(" executed, process is the same: %d\n", RAW(SYS_getpid) == mine->pid && RAW(SYS_gettid) == mine->pid);
	act_list();
	give_turn(choose());
	wait_turn((int)(mine - all->actors));
	return live((int)(mine - all->actors));
}

/* ---- the one that looks after them ------------------------------------------------------------------- */

/* Whether the kernel is done with it, but for who waits for it. */
static bool is_gone(const struct actor *a)
{
	char name[64], text[512], *end;
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/task/%d/stat", a->pid, a->tid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return true;
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && strchr("ZX", end[2]);
}

static bool lives(int group)
{
	for (int i = 0; i < ACTORS; i++)
		if (all->actors[i].alive && all->actors[i].group == group)
			return true;
	return false;
}

static void lose(void)
{
	for (int i = 0; i < ACTORS; i++) {
		struct actor *a = &all->actors[i];

		if (!a->dying)
			continue;
		while (!is_gone(a))
			poll(NULL, 0, 1);
		a->alive = a->dying = false;
		if (lives(a->group))
			continue;
		all->reap = a->pid;
		all->reap_of = i;
		if (!lives(a->parent)) {
			reap();
			continue;
		}
		for (int k = 0; k < ACTORS; k++)
			if (all->actors[k].alive && all->actors[k].group == a->parent && !all->actors[k].dying) {
				give_turn(k);
				wait_turn(NOBODY);
				break;
			}
	}
}

static void too_late(int number)
{
	size_t len = all->len;

	(void)number;
	for (int i = 0; i < ACTORS; i++)
		if (all->actors[i].alive && all->actors[i].pid > 0)
			kill(all->actors[i].pid, SIGKILL);
	RAW(SYS_write, 1, WORD(all->log), len);
	RAW(SYS_write, 1, WORD("\nnever ended\n"), 13);
	_exit(3);
}

static void make(const char *file, const char *text, mode_t mode)
{
	int fd = open(file, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) < 0 || close(fd) < 0)
		_exit(98);
}

static void make_folder(void)
{
	char at[5000], script[6000];

	absolute(at, "", "file");
	mkdir("dir", 0777);
	mkdir("dir/sub", 0755);
	mkdir("dir/sub/deep", 0755);
	mkdir("d", 0777);
	mkdir("closed", 0755);
	make("file", "contents", 0644);
	make("a", "contents of a", 0666);
	make("dir/in", "inside", 0644);
	make("closed/x", "x", 0644);
	make("ro", "to be read", 0444);
	make("x.sh", "#!/nowhere/sh\n", 0755);
	make("noexec", "#!/nowhere/sh\n", 0644);
	make("nox", "no program\n", 0755);
	make("elf", "\177ELF no program\n", 0755);
	snprintf(script, sizeof(script), "#!/proc/self/fd/%d again\n", SELF);
	make("again", script, 0755);
	if (symlink("file", "link") || symlink("dir", "dlink") || symlink("loop", "loop") ||
	    symlink("nowhere", "dangling") || symlink(at, "abs") || symlink("..", "dir/up") || mkfifo("fifo", 0644) ||
	    chmod("closed", 0))
		_exit(98);
}

static void show_folder(const char *at_folder)
{
	struct dirent **list;
	int n = scandir(at_folder, &list, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char at[5000], target[200] = "";
		struct stat st;

		if (!strcmp(list[i]->d_name, ".") || !strcmp(list[i]->d_name, ".."))
			continue;
		snprintf(at, sizeof(at), "%s/%s", at_folder, list[i]->d_name);
		if (strlen(at) > 4000 || lstat(at, &st) < 0)
			continue;
		if (S_ISLNK(st.st_mode) && readlink(at, target, sizeof(target) - 1) < 0)
			continue;
		say("%.200s %o %ld %d of %d:%d %s\n", at + strlen(all->home), st.st_mode,
		    S_ISREG(st.st_mode) ? (long)st.st_size : 0, S_ISDIR(st.st_mode) ? 0 : (int)st.st_nlink, st.st_uid,
		    st.st_gid, target[0] == '/' ? "" : target);
		if (S_ISDIR(st.st_mode))
			show_folder(at);
	}
}

static int begin(void *slot)
{
	struct actor *a = slot;

	a->tid = a->pid = (int)RAW(SYS_getpid);
	signal(SIGUSR1, counted);
	return live(0);
}

int main(int argc, char **argv)
{
	struct rlimit size = { MOST, RLIM_INFINITY };
	sigset_t alarms;
	int fd, self, home;

	if (argc >= 2 && !strcmp(argv[1], "end"))
		return 6;
	if (argc >= 2 && !strcmp(argv[1], "again"))
		return again();
	if (argc != 3) {
		fprintf(stderr, "usage: mix SEED CALLS\n");
		return 2;
	}
	close_range(3, ~0u, 0);
	fd = memfd_create("mix", 0);
	self = open("/proc/self/exe", O_RDONLY);
	home = open(".", O_PATH | O_DIRECTORY);
	if (dup2(fd, SHARED) < 0 || dup2(self, SELF) < 0 || dup2(home, HOME) < 0 || ftruncate(SHARED, sizeof(*all)))
		return 96;
	close_range(3, SHARED - 1, 0);
	all = mmap(NULL, sizeof(*all), PROT_READ | PROT_WRITE, MAP_SHARED, SHARED, 0);
	if (all == MAP_FAILED || !getcwd(all->home, sizeof(all->home)))
		return 96;
	all->seed = strtoull(argv[1], NULL, 10);
	all->calls = strtol(argv[2], NULL, 10);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &size);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	make_folder();
	all->groups = 1;
	all->actors[0] = (struct actor){ .alive = true, .group = 1 };
	signal(SIGALRM, too_late);
	alarm(GIVE_UP_SECONDS);
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarms, NULL);
	if (clone(begin, stack_of(0), SIGCHLD, &all->actors[0]) < 0)
		return 95;
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	for (;;) {
		wait_turn(NOBODY);
		lose();
		if (!alive())
			break;
		all->end = all->count >= all->calls;
		seed();
		give_turn(choose());
	}
	if (chdir(all->home) < 0)
		return 99;
	show_folder(all->home);
	size.rlim_cur = RLIM_INFINITY; /* the output may be long */
	setrlimit(RLIMIT_FSIZE, &size);
	for (size_t at = 0; at < all->len;) {
		ssize_t n = write(1, all->log + at, all->len - at);

		if (n <= 0)
			return 94;
		at += (size_t)n;
	}
	return 0;
}
