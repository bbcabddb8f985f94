/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acts NAME: one small program of many, each of which does what a tracer may get wrong and says what came of it.
 * acts list: their names.
 */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(1, format, args);
	va_end(args);
}

long say_result(const char *call, long result)
{
	if (result == -1)
		say("%s = %s\n", call, strerrorname_np(errno));
	else
		say("%s = %ld\n", call, result);
	return result;
}

void say_status(const char *who, int status)
{
	if (WIFEXITED(status))
		say("%s exits with %d\n", who, WEXITSTATUS(status));
	else if (WIFSIGNALED(status))
		say("%s dies of %d\n", who, WTERMSIG(status));
	else if (WIFSTOPPED(status))
		say("%s stops by %d\n", who, WSTOPSIG(status));
	else if (WIFCONTINUED(status))
		say("%s goes on\n", who);
}

void say_file(const char *path)
{
	char text[512];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] > '~')
			text[i] = '.';
	say("%s: %.*s\n", path, n < 0 ? 4 : (int)n, n < 0 ? "none" : text);
	close(fd);
}

pid_t started(void)
{
	pid_t pid = fork();

	if (pid < 0)
		say("fork = %s\n", strerrorname_np(errno));
	return pid;
}

void ended(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) > 0)
		say_status("child", status);
	else
		say("wait = %s\n", strerrorname_np(errno));
}

bool in_child(void)
{
	pid_t pid = started();

	if (pid > 0)
		ended(pid);
	return !pid;
}

void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		say("put %s: %s\n", path, strerrorname_np(errno));
	close(fd);
}

void pause_for(int milliseconds)
{
	struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000l };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigaction(number, &action, NULL);
}

void as_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534))
		say("stays who it is: %s\n", strerrorname_np(errno));
}

char *before_gap(size_t length)
{
	char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(pages + 4096, 4096);
	return pages + 4096 - length;
}

int main(int argc, char **argv)
{
	static const struct act *const all[] = {
		acts_opens,     acts_files,    acts_watches, acts_signals,   acts_timers,
		acts_processes, acts_programs, acts_sockets, acts_addresses, acts_memory,
		acts_sharing,   acts_tracing,  acts_self,    acts_spaces,    acts_waits,
	};
	bool list = argc == 2 && !strcmp(argv[1], "list");

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (const struct act *act = all[i]; act->name; act++) {
			if (list) {
				puts(act->name);
			} else if (argc == 2 && !strcmp(argv[1], act->name)) {
				act->run();
				return 0;
			}
		}
	}
	if (list)
		return 0;
	fprintf(stderr, "usage: acts list|NAME\n");
	return 99;
}
