/* SPDX-License-Identifier: Apache-2.0 */
/* The log as Falco's configuration and flags have it. */
#include <limits.h>

#include "app/falco.h"
#include "app/falco_flags.h"
#include "app/log.h"

void falco_log(const struct config *config, const struct options *o)
{
	struct log_settings settings = {
		.level = LOG_LEVEL_INFO,
		.falco = true,
		.iso_time = config->time_format_iso_8601,
		.chooses_libs = true,
		.libs_quiet = !config->libs_logger_enabled,
		.libs = LOG_LEVEL_INFO,
	};
	struct error err = { 0 };
	char socket[PATH_MAX];

	/* without any configuration somebody tries something out */
	settings.quiet = !config->log_stderr && (falco_config_path(o) || config_tree_get(config->root, "log_stderr"));
	if (config->log_syslog && (falco_config_path(o) || config_tree_get(config->root, "log_syslog")) &&
	    config_c_text(socket, sizeof(socket), config->monitor_log_syslog_socket, "monitor.log.syslog_socket",
			  &err) == 0)
		settings.syslog = socket;
	/* the words were checked with the configuration */
	(void)log_level_of(config->log_level, &settings.level);
	(void)log_level_of(config->libs_logger_severity, &settings.libs);
	if (options_has(o, OPT_falco_verbose) && settings.level < LOG_LEVEL_INFO)
		settings.level = LOG_LEVEL_INFO;
	log_setup(&settings);
}
