/* SPDX-License-Identifier: Apache-2.0 */
/* Executions: chains of them, what is kept, every way to fail. */
#include "acts.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void script(const char *path, const char *text)
{
	put(path, text);
	chmod(path, 0755);
}

static void failures(void)
{
	char *words[] = { "x", NULL };
	static char big[1 << 18];
	char *many[] = { "x", big, NULL };
	char **volatile nowhere = (char **)8;
	int writer;

	script("plain", "no program");
	script("lost", "#!none\n");
	script("empty", "");
	script("elf", "\177ELF");
	script("self", "#!./self\n");
	script("open", "#!/bin/sh\n");
	writer = open("open", O_WRONLY);
	symlink("loop", "loop");
	memset(big, 'a', sizeof(big) - 1);
	TRY(execv("none", words));
	TRY(execv("a.txt", words));
	TRY(execv("d", words));
	TRY(execv("a.txt/x", words));
	TRY(execv("plain", words));
	TRY(execv("lost", words));
	TRY(execv("empty", words));
	TRY(execv("elf", words));
	TRY(execv("self", words));
	TRY(execv("open", words));
	TRY(execv("loop", words));
	TRY(execv("/bin/true", many));
	TRY(execv("", words));
	TRY(execv(NULL, words));
	TRY(execv("/bin/true", nowhere));
	TRY(execv("/bin/true", (char *[]){ (char *)8, NULL }));
	TRY(close(writer));
}

static void denied(void)
{
	char *words[] = { "x", NULL };

	script("mine", "#!/bin/sh\n");
	chmod("mine", 0700);
	script("readless", "#!/bin/sh\necho ran\n");
	chmod("readless", 0711);
	mkdir("closed", 0700);
	script("closed/x", "#!/bin/sh\n");
	as_nobody();
	TRY(execv("mine", words));
	TRY(execv("closed/x", words));
	TRY(execv("readless", words));
}

static void chain(void)
{
	char *left = getenv("CHAIN");
	char number[16];

	if (left && atoi(left) == 0) {
		say("done by the same: %d\n", atoi(getenv("CHAIN_PID")) == getpid());
		return;
	}
	snprintf(number, sizeof(number), "%d", left ? atoi(left) - 1 : 40);
	setenv("CHAIN", number, 1);
	if (!left) {
		snprintf(number, sizeof(number), "%d", getpid());
		setenv("CHAIN_PID", number, 1);
	}
	execl("/proc/self/exe", "acts", "exec-chain", NULL);
	say("exec: %s\n", strerrorname_np(errno));
}

static void scripts(void)
{
	script("one", "#!/bin/sh -e\necho \"$0\" \"$#\" \"$@\"\nfalse\n");
	script("two", "#! ./one two   words \n");
	script("three", "#!./two\n");
	script("four", "#!./three\n");
	script("five", "#!./four\n");
	script("six", "#!./five\n");
	for (int i = 0; i < 6; i++) {
		static const char *const names[] = { "./one", "./two", "./three", "./four", "./five", "./six" };

		if (in_child()) {
			execl(names[i], "given name", "argument", "", "last", NULL);
			_exit(errno);
		}
	}
}

static void no_words(void)
{
	char *none[] = { NULL };

	if (in_child()) {
		syscall(SYS_execve, "/bin/true", NULL, NULL);
		_exit(errno);
	}
	if (in_child()) {
		syscall(SYS_execve, "/bin/true", none, none);
		_exit(errno);
	}
	if (in_child()) {
		execle("/bin/sh", "", "-c", "echo \"<$0>\"; env | grep -v ^PWD= | wc -l", NULL, none);
		_exit(errno);
	}
}

static void many_words(void)
{
	static char *words[5004], *big;

	words[0] = "sh";
	words[1] = "-c";
	words[2] = "echo $# ${#1}; printf %s \"$*\" | cksum";
	words[3] = "name";
	for (int i = 4; i < 5003; i++)
		words[i] = i % 7 ? "word" : "";
	big = malloc(120001);
	memset(big, 'b', 120000);
	big[120000] = '\0';
	words[4] = big;
	execv("/bin/sh", words);
}

static void by_descriptor(void)
{
	char *words[] = { "given", NULL };
	int shell = open("/bin/true", O_RDONLY | O_CLOEXEC), d = open("d", O_PATH), f;

	script("d/run", "#!/bin/sh\necho \"$0\" | sed 's/[0-9][0-9]*/N/'\n");
	f = open("d/run", O_RDONLY | O_CLOEXEC);
	TRY(syscall(SYS_execveat, d, "none", words, environ, 0));
	TRY(syscall(SYS_execveat, shell, "", words, environ, 0));
	TRY(syscall(SYS_execveat, f, "", words, environ, AT_EMPTY_PATH));
	TRY(syscall(SYS_execveat, 99, "x", words, environ, 0));
	TRY(syscall(SYS_execveat, d, "run", words, environ, 0x40000));
	symlink("run", "d/soft");
	TRY(syscall(SYS_execveat, d, "soft", words, environ, AT_SYMLINK_NOFOLLOW));
	if (in_child())
		_exit((int)syscall(SYS_execveat, shell, "", words, environ, AT_EMPTY_PATH));
	if (in_child())
		_exit((int)syscall(SYS_execveat, d, "run", words, environ, 0));
	if (in_child()) {
		fcntl(f, F_SETFD, 0);
		_exit((int)syscall(SYS_execveat, f, "", words, environ, AT_EMPTY_PATH));
	}
}

static void from_memory(void)
{
	char *words[] = { "sh", "-c", "echo in memory", NULL };
	static char buffer[1 << 21];
	int fd = memfd_create("program", MFD_CLOEXEC), from = open("/bin/sh", O_RDONLY);
	ssize_t n = read(from, buffer, sizeof(buffer));

	TRY(write(fd, buffer, (size_t)n) == n);
	TRY(fexecve(fd, words, environ));
	close(fd);
}

static void *run_shell(void *arg)
{
	(void)arg;
	execl("/bin/sh", "sh", "-c", "echo $$; ls /proc/self/task | wc -l", NULL);
	return NULL;
}

static void *wait_for_ever(void *arg)
{
	while (pause() == -1)
		;
	return arg;
}

/* The others end, and the new program has the process's id. */
static void from_thread(void)
{
	char line[32] = "";
	pthread_t thread;
	int fds[2];
	pid_t pid;

	pipe(fds);
	pid = started();
	if (!pid) {
		dup2(fds[1], 1);
		for (int i = 0; i < 3; i++)
			pthread_create(&thread, NULL, wait_for_ever, NULL);
		pthread_create(&thread, NULL, run_shell, NULL);
		wait_for_ever(NULL);
	}
	close(fds[1]);
	ended(pid);
	read(fds[0], line, sizeof(line) - 1);
	say("its own id: %d\n", atoi(line) == pid);
}

static void ignore(int number)
{
	(void)number;
}

static void kept(void)
{
	sigset_t set;

	signal(SIGUSR1, SIG_IGN);
	handle(SIGUSR2, ignore, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_SETMASK, &set, NULL);
	umask(0135);
	chdir("d");
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 50, 60 });
	prctl(PR_SET_NAME, "gone at exec");
	prctl(PR_SET_TIMERSLACK, 77777);
	execl("/bin/sh", "sh", "-c",
	      "grep -E 'Name|Sig(Blk|Ign|Cgt)' /proc/self/status; umask; ls; ulimit -n; ulimit -Hn; cat /proc/self/timerslack_ns",
	      NULL);
}

static void set_ids(void)
{
	struct stat st;

	if (in_child()) {
		if (stat("/usr/bin/id", &st) || system("cp /usr/bin/id own; chmod 4755 own"))
			_exit(1);
		as_nobody();
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		execl("./own", "own", "-u", NULL);
		_exit(errno);
	}
	if (in_child()) {
		as_nobody();
		TRY(setuid(0));
		TRY(setresuid(-1, 0, -1));
		TRY(setgid(0));
		TRY(prctl(PR_GET_KEEPCAPS));
		TRY(prctl(PR_CAPBSET_READ, 0));
		_exit(0);
	}
}

static void vectors(void)
{
	say("program headers %d, entry %d, page %lu, secure %lu\n", getauxval(AT_PHDR) != 0, getauxval(AT_ENTRY) != 0,
	    getauxval(AT_PAGESZ), getauxval(AT_SECURE));
	say("named %d, vdso %d, ids %d\n", getauxval(AT_EXECFN) != 0, getauxval(AT_SYSINFO_EHDR) != 0,
	    getauxval(AT_UID) == getuid());
}

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

/* Whether a program may be executed is asked (Linux 6.14), and none is. */
static void asked(void)
{
	char *words[] = { "x", NULL };
	int program = open("/bin/true", O_RDONLY);

	TRY(syscall(SYS_execveat, AT_FDCWD, "/bin/true", words, environ, AT_EXECVE_CHECK));
	TRY(syscall(SYS_execveat, AT_FDCWD, "a.txt", words, environ, AT_EXECVE_CHECK));
	TRY(syscall(SYS_execveat, AT_FDCWD, "none", words, environ, AT_EXECVE_CHECK));
	TRY(syscall(SYS_execveat, program, "", words, environ, AT_EXECVE_CHECK | AT_EMPTY_PATH));
	if (in_child())
		execl("/bin/sh", "sh", "-c", "exit 5", NULL);
	TRY(open("a.txt", O_RDONLY));
}

const struct act acts_programs[] = {
	{ "exec-failures", failures },
	{ "exec-denied", denied },
	{ "exec-chain", chain },
	{ "exec-scripts", scripts },
	{ "exec-no-words", no_words },
	{ "exec-many-words", many_words },
	{ "exec-by-descriptor", by_descriptor },
	{ "exec-from-memory", from_memory },
	{ "exec-from-thread", from_thread },
	{ "exec-kept", kept },
	{ "exec-set-ids", set_ids },
	{ "exec-vectors", vectors },
	{ "exec-asked", asked },
	{ 0 },
};
