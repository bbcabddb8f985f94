/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/units.h"
#include "output/line.h"
#include "output/program.h"

/* Lines to the standard input of a shell's command: one for all alerts, or one for each. */
struct program_output {
	struct output head;
	struct program_starter *starter; /* borrowed; NULL = we ourselves */
	char *command;
	bool keep_alive, torn;
	bool failing; /* the last alert was not delivered */
	struct error ended; /* how a kept program ended by itself, not told yet */
	pid_t pid; /* leads a process group of its own; 0 = none runs */
	int fd; /* to its standard input */
	struct strbuf line;
};

/* ---- the program --------------------------------------------------------------------------------------- */

static int start(struct program_output *p, struct error *err)
{
	auto_fd int input = -1, output = -1;
	int ends[2], r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, -errno, "program output: cannot make a pipe");
	input = ends[0];
	output = ends[1];
	r = fcntl(output, F_SETFL, O_NONBLOCK) < 0 ? -errno : program_start(p->starter, p->command, input, &p->pid);
	if (r < 0)
		return error_errno(err, r, "program output: cannot start /bin/sh");
	p->fd = take_fd(output);
	p->torn = false;
	return 0;
}

/* Waits for the program's end; one that does not end is killed. Its status, or -errno: somebody else has reaped it. */
static int reap(struct program_output *p, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	int status = 0;

	for (long waited = 0;; waited += pause.tv_nsec) {
		int r = program_poll(p->starter, p->pid, &status);

		if (r < 0 && r != -ECHILD) {
			p->pid = 0;
			return error_errno(err, r, "program output: the process that starts programs");
		}
		if (r)
			break;
		if (waited / NS_PER_SECOND >= PROGRAM_END_SECONDS || atomic_load(&p->head.stop)) {
			program_kill(p->starter, p->pid);
			p->pid = 0;
			return error_set(err, -ETIMEDOUT, "program output: the program did not end and was killed");
		}
		nanosleep(&pause, NULL);
	}
	p->pid = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return WIFEXITED(status) ?
		       error_set(err, -EPIPE, "program output: the program ended with status %d", WEXITSTATUS(status)) :
		       error_set(err, -EPIPE, "program output: the program was killed by signal %d", WTERMSIG(status));
}

static int finish(struct program_output *p, struct error *err)
{
	if (p->fd >= 0)
		close(take_fd(p->fd));
	return p->pid ? reap(p, err) : 0;
}

/* ---- the output ---------------------------------------------------------------------------------------- */

static int write_line(struct program_output *p, struct error *err)
{
	int r = p->fd < 0 ? start(p, err) : 0;

	if (r < 0)
		return r;
	r = line_write(p->fd, strbuf_str(&p->line), &p->torn);
	return r < 0 ? error_errno(err, r, "program output: cannot write an alert") : 0;
}

static int program_send(struct output *o, const struct alert *a, struct error *err)
{
	struct program_output *p = (struct program_output *)o;
	struct error ended = { 0 };
	bool ran = p->fd >= 0;
	int r;

	/* at the end there is no time to wait for each */
	if (p->failing && atomic_load(&o->stop)) {
		o->failed++;
		return error_set(err, -EPIPE, "program output: the program takes no alerts");
	}
	strbuf_reset(&p->line);
	line_add(&p->line, a, o->json ? LINE_JSON : 0);
	r = p->line.failed ? error_set(err, -ENOMEM, "out of memory") : write_line(p, err);
	if (r == -EPIPE && ran) {
		/* the one that ran is gone: this alert goes to a new one */
		(void)finish(p, &p->ended);
		r = write_line(p, err);
	}
	if (r == 0 && !p->keep_alive)
		r = finish(p, err);
	else if (r < 0)
		(void)finish(p, &ended);
	p->failing = r < 0;
	if (r < 0)
		o->failed++;
	else
		o->sent++;
	return r;
}

/* What a program that ended had not read of its input is lost; nobody knows how much that was. */
static int program_idle(struct output *o, struct error *err)
{
	struct program_output *p = (struct program_output *)o;

	if (p->ended.code) {
		*err = p->ended;
		p->ended.code = 0;
	}
	return -1;
}

static int program_reopen(struct output *o, struct error *err)
{
	return finish((struct program_output *)o, err);
}

static void program_close(struct output *o)
{
	struct program_output *p = (struct program_output *)o;
	struct error err;

	(void)finish(p, &err);
	strbuf_free(&p->line);
	free(p->command);
	free(p);
}

static const struct output_ops program_ops = {
	.name = "program",
	.send = program_send,
	.reopen = program_reopen,
	.drain = program_reopen, /* its input ends, and it is waited for */
	.idle = program_idle,
	.close = program_close,
};

int output_program_open(struct program_starter *starter, const char *command, bool keep_alive, bool json,
			struct output **ret_output, struct error *err)
{
	struct program_output *p;

	if (!*command)
		return error_set(err, -EINVAL, "program_output.program is empty: name a command");
	p = calloc(1, sizeof(*p));
	if (p)
		p->command = str_dup(str_of(command));
	if (!p || !p->command) {
		free(p);
		return error_set(err, -ENOMEM, "out of memory");
	}
	p->head.ops = &program_ops;
	p->head.json = json;
	p->starter = starter;
	p->keep_alive = keep_alive;
	p->fd = -1;
	*ret_output = &p->head;
	return 0;
}
