/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "app/signals.h"
#include "base/cleanup.h"

static volatile sig_atomic_t stop, insisted, reopen, reload, time_up;

static void on_stop(int number)
{
	(void)number;
	insisted = stop;
	stop = 1;
}

static void on_reopen(int number)
{
	(void)number;
	reopen = 1;
}

static void on_reload(int number)
{
	(void)number;
	reload = 1;
}

static void on_time_up(int number)
{
	(void)number;
	time_up = 1;
}

/* Unlike SIG_IGN a handler does not outlive exec. */
static void on_write(int number)
{
	(void)number;
}

/* Without SA_RESTART: a wait for the next event ends, and the loop sees the note. */
static void install(int number, void (*handler)(int))
{
	struct sigaction old, action = { .sa_handler = handler };

	if (sigaction(number, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

void signals_survive_writes(void)
{
	install(SIGPIPE, on_write);
	install(SIGXFSZ, on_write);
}

void signals_catch_reopen(void)
{
	install(SIGUSR1, on_reopen);
}

/* Also behind nohup: who asks for it by name means it. */
void signals_catch_reload(void)
{
	struct sigaction action = { .sa_handler = on_reload };

	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
}

/* Also where it was ignored: behind it comes SIGKILL. */
void signals_catch_time_limit(void)
{
	struct sigaction action = { .sa_handler = on_time_up };

	sigemptyset(&action.sa_mask);
	sigaction(SIGXCPU, &action, NULL);
}

void signals_catch_end(void)
{
	install(SIGTERM, on_stop);
}

void signals_catch_stop(void)
{
	install(SIGINT, on_stop);
	install(SIGTERM, on_stop);
}

void signals_catch(void)
{
	signals_catch_stop();
	install(SIGHUP, on_stop);
	signals_catch_reopen();
}

bool signals_stop_requested(void)
{
	return stop;
}

bool signals_stop_insisted(void)
{
	return insisted;
}

bool signals_time_is_up(void)
{
	return time_up;
}

bool signals_reload_requested(void)
{
	bool was = reload;

	reload = 0;
	return was;
}

bool signals_reopen_requested(void)
{
	bool was = reopen;

	reopen = 0;
	return was;
}
