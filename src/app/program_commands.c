/* SPDX-License-Identifier: Apache-2.0 */
#include "app/program_commands.h"

#include <unistd.h>

#include "app/log.h"
#include "app/privileges.h"
#include "app/service.h"

static bool is_named(const struct config *c, const char *command)
{
	return c->program_output_enabled && str_eq(c->program_output_program, str_of(command));
}

static bool may(void *context, const char *command)
{
	const struct program_commands *commands = context;
	auto_config struct config *config = NULL;
	struct error err = { 0 };

	return is_named(commands->config, command) ||
	       (commands->load(commands->context, &config, &err) == 0 && is_named(config, command));
}

static void prepare(void *context)
{
	const struct program_commands *commands = context;
	struct error err = { 0 };

	service_begin(); /* the monitor is the service, not its programs */
	/* rather no programs than programs that may too much; the monitor itself tells why */
	if (privileges_become(commands->config, &err) < 0)
		_exit(1);
}

int program_commands_fork(const struct program_commands *commands, struct program_starter **ret_starter,
			  struct error *err)
{
	struct program_commands copy = *commands; /* the child's, while it runs */
	const struct program_starter_options options = { prepare, may, &copy, commands->detached };
	int r = program_starter_fork(&options, ret_starter, err);

	return r < 0 ? error_prefix(err, r, "program output") : 0;
}
