/* SPDX-License-Identifier: Apache-2.0 */
/* The command that the first word, or the program's own name, means. */
#include "app/command.h"
#include "app/help.h"
#include "app/log.h"
#include "app/stack.h"

static int run(const struct command *c, int argc, char **argv)
{
	static int (*const commands[])(const struct command *c, int argc, char **argv) = {
#define COMMAND(id, ...) [COMMAND_##id] = cmd_##id,
#include "app/commands.def"
#undef COMMAND
	};

	return commands[c->id](c, argc, argv);
}

static int unknown(const char *word)
{
	const struct command *nearest = command_nearest(word);

	if (nearest)
		log_error("unknown command \"%s\"; did you mean \"%s\"?", word, nearest->name);
	else
		log_error("unknown command \"%s\" (monitor --help lists them)", word);
	return EXIT_USAGE;
}

static int help(const char *word)
{
	const struct command *c = word ? command_find(word) : NULL;

	if (word && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0))
		return help_program();
	if (c)
		return help_command(c);
	return word ? unknown(word) : help_program();
}

static int too_much(const char *command, const char *word)
{
	log_error("%s has no use for \"%s\"", command, word);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const struct command *c;
	struct error err;

	log_claim_descriptors();
	if (stack_claim(&err) < 0)
		return log_failure(&err, EXIT_FAILED);
	/* a link to us named "falco" is Falco's command line */
	c = argc > 0 && strcmp(slash ? slash + 1 : argv[0], "falco") == 0 ? command_find("falco") : NULL;
	if (c)
		return run(c, argc, argv);
	if (argc < 2) {
		log_error("no command was given (monitor --help lists them)");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return argc > 3 ? too_much(argv[1], argv[3]) : help(argv[2]);
	if (strcmp(argv[1], "--version") == 0)
		return argc > 2 ? too_much(argv[1], argv[2]) : help_version();
	c = command_find(argv[1]);
	return c ? run(c, argc - 1, argv + 1) : unknown(argv[1]);
}
