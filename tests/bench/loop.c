/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop WHAT COUNT [PATH]: does one thing COUNT times and prints the nanoseconds that one took. The many-... make a
 * hundred at a time (of files a thousand) before they wait for the first, as OSBench does, and of these the best tells.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static const char *path = "/etc/hostname";
static long count;

static bool open_all(void)
{
	for (long i = 0; i < count; i++) {
		int fd = open(path, O_RDONLY);

		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

/* a call that no rule is interested in */
static bool ask_parent(void)
{
	for (long i = 0; i < count; i++)
		syscall(SYS_getppid);
	return true;
}

static void *opener(void *failed)
{
	if (!open_all())
		*(volatile bool *)failed = true;
	return NULL;
}

/* COUNT opens in each of eight threads at once. */
static bool race(void)
{
	pthread_t threads[8];
	bool failed = false;

	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], NULL, opener, &failed) != 0)
			return false;
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	return !failed;
}

/* A file of one page is made, written, closed and removed. */
static bool make_files(void)
{
	static const char page[4096];
	char name[64];

	for (long i = 0; i < count; i++) {
		int fd;

		snprintf(name, sizeof(name), "/tmp/loop-%d-%ld", (int)getpid(), i % 64);
		fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
		if (fd < 0 || write(fd, page, sizeof(page)) != sizeof(page))
			return false;
		close(fd);
		if (unlink(name) < 0)
			return false;
	}
	return true;
}

static void *nothing(void *unused)
{
	return unused;
}

static bool make_threads(void)
{
	for (long i = 0; i < count; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL) != 0)
			return false;
		pthread_join(thread, NULL);
	}
	return true;
}

static bool launch_programs(void)
{
	char name[] = "true", *argv[] = { name, NULL };

	for (long i = 0; i < count; i++) {
		int status;
		pid_t pid;

		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid ||
		    status)
			return false;
	}
	return true;
}

static bool make_processes(void)
{
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return false;
	}
	return true;
}

/* ---- many at a time ------------------------------------------------------------------------------------- */

#define MANY       100
#define MANY_FILES 1000

static const char *program; /* this one, which ends at once with an argument of "-" */

static bool many_threads(void)
{
	pthread_t threads[MANY];

	for (int i = 0; i < MANY; i++)
		if (pthread_create(&threads[i], NULL, nothing, NULL) != 0)
			return false;
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	return true;
}

static bool many_children(bool launch)
{
	pid_t pids[MANY];
	int status, failed = 0;

	for (int i = 0; i < MANY; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return false;
		if (pids[i] == 0 && !launch)
			_exit(0);
		if (pids[i] == 0) {
			execlp(program, program, "-", (char *)NULL);
			_exit(1);
		}
	}
	for (int i = 0; i < MANY; i++)
		failed |= waitpid(pids[i], &status, 0) != pids[i] || status;
	return !failed;
}

static bool many_processes(void)
{
	return many_children(false);
}

static bool many_programs(void)
{
	return many_children(true);
}

/* Small files are made, and then removed, in the folder PATH. */
static bool many_files(void)
{
	static const char bytes[32];
	char name[4096];

	for (int i = 0; i < MANY_FILES; i++) {
		FILE *f;

		snprintf(name, sizeof(name), "%s/loop-%d-%x", path, (int)getpid(), (unsigned int)i);
		f = fopen(name, "wb");
		if (!f || fwrite(bytes, 1, sizeof(bytes), f) != sizeof(bytes) || fclose(f) != 0)
			return false;
	}
	for (int i = 0; i < MANY_FILES; i++) {
		snprintf(name, sizeof(name), "%s/loop-%d-%x", path, (int)getpid(), (unsigned int)i);
		if (remove(name) < 0)
			return false;
	}
	return true;
}

/* ---- the loops ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	bool (*run)(void);
	long many; /* at a time; 0 = run() does COUNT */
} loops[] = {
	{ "open", open_all, 0 },
	{ "getppid", ask_parent, 0 },
	{ "race", race, 0 },
	{ "files", make_files, 0 },
	{ "threads", make_threads, 0 },
	{ "launch", launch_programs, 0 },
	{ "fork", make_processes, 0 },
	{ "many-files", many_files, MANY_FILES },
	{ "many-threads", many_threads, MANY },
	{ "many-launches", many_programs, MANY },
	{ "many-forks", many_processes, MANY },
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Nanoseconds of one; negative when it failed. */
static double time_loop(bool (*run)(void), long many)
{
	double best = -1;

	for (long done = 0; done < count; done += many ? many : count) {
		double since = now_ns(), took;

		if (!run())
			return -1;
		took = (now_ns() - since) / (double)(many ? many : count);
		if (best < 0 || took < best)
			best = took;
	}
	return best;
}

int main(int argc, char **argv)
{
	double ns;

	if (argc == 2 && strcmp(argv[1], "-") == 0)
		return 0;
	if (argc < 3)
		return 2;
	program = argv[0];
	count = strtol(argv[2], NULL, 10);
	if (argc > 3)
		path = argv[3];
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (strcmp(argv[1], loops[i].name) != 0)
			continue;
		ns = time_loop(loops[i].run, loops[i].many);
		if (ns < 0)
			return 1;
		printf("%.1f\n", ns);
		return 0;
	}
	return 2;
}
