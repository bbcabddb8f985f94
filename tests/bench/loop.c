/* SPDX-License-Identifier: Apache-2.0 */
/* loop WHAT COUNT [PATH]: does one thing COUNT times and prints the nanoseconds that one took. */
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

static const struct {
	const char *name;
	bool (*run)(void);
} loops[] = {
	{ "open", open_all },	      { "getppid", ask_parent },     { "race", race },		{ "files", make_files },
	{ "threads", make_threads },  { "launch", launch_programs }, { "fork", make_processes },
};

int main(int argc, char **argv)
{
	struct timespec start, end;

	if (argc < 3)
		return 2;
	count = strtol(argv[2], NULL, 10);
	if (argc > 3)
		path = argv[3];
	for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
		if (strcmp(argv[1], loops[i].name) != 0)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &start);
		if (!loops[i].run())
			return 1;
		clock_gettime(CLOCK_MONOTONIC, &end);
		printf("%.1f\n", ((double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec)) /
					 (double)count);
		return 0;
	}
	return 2;
}
