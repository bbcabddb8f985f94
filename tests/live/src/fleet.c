/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet CASE: workloads that are awkward for anything that traces. Each prints one line that is the same in
 * every run, and ends with 0 when all went as it does natively.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int reap(pid_t child)
{
	int status;
	pid_t r;

	do
		r = waitpid(child, &status, 0);
	while (r < 0 && errno == EINTR);
	if (r != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- threads that fork */

static void *fork_once(void *arg)
{
	pid_t child = fork();

	(void)arg;
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	return (void *)(long)(child < 0 ? 1 : reap(child));
}

static int threads_fork(void)
{
	pthread_t t[200];
	pthread_attr_t small;
	int bad = 0, n = 0;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 128 * 1024);
	for (int i = 0; i < 200; i++)
		if (pthread_create(&t[n], &small, fork_once, NULL) == 0)
			n++;
	for (int i = 0; i < n; i++) {
		void *r;

		pthread_join(t[i], &r);
		bad += r != NULL;
	}
	printf("%d threads forked, %d failed\n", n, bad);
	return bad || n != 200;
}

/* ---- exec by a thread that is not the leader: it takes the leader's id */

static pid_t leader;

static void *exec_now(void *arg)
{
	char text[32];

	(void)arg;
	snprintf(text, sizeof(text), "%d", (int)leader);
	execl("/bin/sh", "sh", "-c", "[ $$ = \"$0\" ] && echo took the leader\\'s id && cat /etc/hostname >/dev/null",
	      text, (char *)NULL);
	_exit(127);
}

static void *idle(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int exec_from_thread(void)
{
	int bad = 0;

	for (int turn = 0; turn < 20; turn++) {
		pid_t child;

		fflush(stdout);
		child = fork();
		if (child == 0) {
			pthread_t t;

			leader = getpid();
			for (int i = 0; i < 3; i++)
				pthread_create(&t, NULL, idle, NULL);
			pthread_create(&t, NULL, exec_now, NULL);
			idle(NULL);
		}
		bad += reap(child) != 0;
	}
	printf("%d of 20 went wrong\n", bad);
	return bad;
}

/* ---- vfork and posix_spawn */

/* Functions of their own: what lives across vfork() must not sit in a register that the child changes. */
static pid_t vfork_exec(char **argv)
{
	pid_t child = vfork();

	if (child == 0) {
		execv(argv[0], argv);
		_exit(errno == ENOENT ? 3 : 127);
	}
	return child;
}

static int spawners(void)
{
	char shell[] = "/bin/sh", option[] = "-c", script[] = "exit 7", missing[] = "/no/such/program";
	char *argv[] = { shell, option, script, NULL }, *none[] = { missing, NULL };
	int bad = 0;

	for (int i = 0; i < 100; i++) {
		pid_t child;

		if (i & 1)
			child = vfork_exec(argv);
		else if (posix_spawn(&child, argv[0], NULL, NULL, argv, environ))
			child = -1;
		bad += reap(child) != 7;
	}
	bad += reap(vfork_exec(none)) != 3;
	printf("101 children, %d failed\n", bad);
	return bad;
}

/* ---- many short processes */

static int short_processes(void)
{
	int bad = 0;

	for (int i = 0; i < 10000; i++) {
		pid_t child = fork();

		if (child == 0)
			_exit(i % 251);
		bad += reap(child) != i % 251;
	}
	printf("10000 processes, %d failed\n", bad);
	return bad;
}

/* ---- a daemon: double fork, own session, outlives its starter; reports through a pipe */

static int daemons(void)
{
	int pipe_fd[2], bad = 0;

	for (int i = 0; i < 20; i++) {
		char c = 0;
		pid_t child;

		if (pipe(pipe_fd) < 0)
			return 1;
		child = fork();
		if (child == 0) {
			if (setsid() < 0 || fork() != 0)
				_exit(0);
			usleep(20000);
			c = getsid(0) != getpid() && open("/etc/hostname", O_RDONLY) >= 0 ? 'd' : 'x';
			_exit(write(pipe_fd[1], &c, 1) != 1);
		}
		close(pipe_fd[1]);
		bad += reap(child) != 0;
		bad += read(pipe_fd[0], &c, 1) != 1 || c != 'd';
		close(pipe_fd[0]);
	}
	printf("20 daemons, %d failed\n", bad);
	return bad;
}

/* ---- a 500 Hz timer around calls that natively never fail with EINTR */

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static int timer(int flags)
{
	struct sigaction action = { .sa_handler = tick, .sa_flags = flags };
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct timespec start, now;
	int interrupted = 0, wrong = 0;

	sigaction(SIGALRM, &action, NULL);
	clock_gettime(CLOCK_MONOTONIC, &start);
	setitimer(ITIMER_REAL, &often, NULL);
	do {
		for (int i = 0; i < 50; i++) {
			int fd = open("/etc/hostname", O_RDONLY), second;

			if (fd < 0) {
				interrupted += errno == EINTR;
				wrong += errno != EINTR;
				continue;
			}
			second = dup(fd);
			if (second < 0) {
				interrupted += errno == EINTR;
				wrong += errno != EINTR;
			} else {
				close(second);
			}
			second = dup2(fd, 90);
			if (second != 90) {
				interrupted += errno == EINTR;
				wrong += errno != EINTR;
			}
			close(fd);
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	/* a busy machine gives few of them */
	} while (now.tv_sec - start.tv_sec < 3 || (ticks < 300 && now.tv_sec - start.tv_sec < 60));
	setitimer(ITIMER_REAL, &never, NULL);
	if (ticks < 300)
		fprintf(stderr, "only %d ticks\n", (int)ticks);
	printf("interrupted %d, wrong %d, ticking %s\n", interrupted, wrong, ticks >= 300 ? "yes" : "no");
	return interrupted || wrong || ticks < 300;
}

static int timer_restart(void)
{
	return timer(SA_RESTART);
}

static int timer_plain(void)
{
	return timer(0);
}

/*
 * Signals that meet threads in their first call, while the one that makes them has them blocked. Who watches
 * learns of the handler from the first births at the earliest.
 */
static void *first_open(void *interrupted)
{
	sigset_t alarm;
	int fd;

	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &alarm, NULL);
	fd = open("/etc/hostname", O_RDONLY);
	if (fd < 0)
		*(int *)interrupted += errno == EINTR;
	else
		close(fd);
	return NULL;
}

static int timer_newborn(void)
{
	enum { THREADS = 5000, FEW = 25 };
	struct sigaction action = { .sa_handler = tick };
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };
	sigset_t alarm;
	int interrupted = 0;

	/* what was opened before is not to make a difference */
	close(open("/etc/hostname", O_RDONLY));
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, first_open, &interrupted) == 0)
			pthread_join(thread, NULL);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	if (interrupted > FEW)
		fprintf(stderr, "%d of %d\n", interrupted, THREADS);
	printf("%s opens of new threads were broken off\n", interrupted > FEW ? "many" : "few or no");
	return interrupted > FEW;
}

/* ---- SIGSTOP and SIGCONT at any time */

static int stop_and_go(void)
{
	int bad = 0;

	for (int i = 0; i < 30; i++) {
		pid_t child = fork();
		int status, r;

		if (child == 0) {
			for (int k = 0; k < 200; k++) {
				int fd = open("/etc/hostname", O_RDONLY);

				if (fd < 0)
					_exit(1);
				close(fd);
			}
			_exit(42);
		}
		usleep((useconds_t)(i % 7) * 300);
		kill(child, SIGSTOP);
		r = waitpid(child, &status, WUNTRACED);
		if (r != child) {
			bad++;
		} else if (WIFSTOPPED(status)) {
			bad += WSTOPSIG(status) != SIGSTOP;
			kill(child, SIGCONT);
			bad += waitpid(child, &status, WCONTINUED) != child;
			if (!WIFCONTINUED(status) && !(WIFEXITED(status) && WEXITSTATUS(status) == 42))
				bad++;
			else if (WIFCONTINUED(status))
				bad += reap(child) != 42;
		} else {
			bad += !WIFEXITED(status) || WEXITSTATUS(status) != 42;
		}
	}
	printf("30 stopped and continued, %d went wrong\n", bad);
	return bad;
}

/* ---- SIGKILL at any time, in the middle of watched calls */

static int kill_any_time(void)
{
	int bad = 0;

	for (int i = 0; i < 200; i++) {
		pid_t child = fork();

		if (child == 0) {
			for (;;) {
				int fd = open("/etc/hostname", O_RDONLY);

				if (i % 3 == 0 && fork() == 0)
					_exit(0);
				close(fd);
			}
		}
		usleep((useconds_t)(i % 20) * 100);
		kill(child, SIGKILL);
		bad += reap(child) != 128 + SIGKILL;
	}
	printf("200 killed, %d went wrong\n", bad);
	return bad;
}

static const struct {
	const char *name;
	int (*run)(void);
} cases[] = {
	{ "threads-fork", threads_fork },
	{ "exec-from-thread", exec_from_thread },
	{ "spawners", spawners },
	{ "short-processes", short_processes },
	{ "daemons", daemons },
	{ "timer-restart", timer_restart },
	{ "timer-plain", timer_plain },
	{ "timer-newborn", timer_newborn },
	{ "stop-and-go", stop_and_go },
	{ "kill-any-time", kill_any_time },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(cases) / sizeof(cases[0]); i++)
		if (strcmp(cases[i].name, argv[1]) == 0)
			return cases[i].run() ? 1 : 0;
	fprintf(stderr, "usage: fleet CASE\n");
	return 2;
}
