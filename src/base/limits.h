/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_LIMITS_H
#define MONITOR_BASE_LIMITS_H

/*
 * Every hard limit of the program, each with its reason. What exceeds one is refused or cut, counted, and said.
 */

/* events */
#define EVENT_MAX_PARAMS   40	    /* the widest event type has 32 parameters */
#define EVENT_MAX_BYTES	   (16 << 20) /* one event of a large type: a plugin payload is at most this in Falco too */
#define EVENT_SMALL_BYTES  65536    /* events with 16-bit lengths: the format's own limit */
#define EVENT_SNAPLEN	   80	    /* bytes of I/O data kept: Falco's default */
#define EVENT_ARGS_BYTES   (6 << 20) /* proc.full_args: the kernel's own limit of an argv */
#define EVENT_STRING_BYTES 4096	    /* paths, args, env, cgroups of one event: the kernel drivers cut there */
#define EVENT_VECTORS	   16	    /* pieces of a vector that are looked at: EVENT_SNAPLEN bytes are seldom in more */
#define EVENT_POLLED	   16	    /* descriptors of one poll: as in Falco's drivers */

/* user stacks */
#define USTACK_FRAMES	  64	/* deeper ones are recursion */
#define USTACK_NAME_BYTES 256	/* C++ names are longer, and tell no more */
#define USTACK_BYTES	  65536 /* of one stack: hostile names and paths */
#define USTACK_SECONDS	  2	/* unwind tables can loop */
/* that a thread which unwinds is waited for: those seconds, and its start and end, which are no part of them */
#define USTACK_WAIT_MS	  (USTACK_SECONDS * 1000 + 500)

/* mappings that one stack is looked for in: a program that cuts its own into more has to be taken for odd anyway */
#define REGION_STACK_PIECES 16

/* what /proc says of a thread: the most groups there may be, 65536 of eleven characters each, and some lines more */
#define STATUS_BYTES (1 << 20)
/* and of its mounts: by default a namespace may have 100,000, and a line is some hundred bytes long */
#define MOUNTS_BYTES (16 << 20)
/* and of one kind of its network's sockets, 150 bytes each: looked at where a socket does not say */
#define NET_TABLE_BYTES (16 << 20)
/* of one file about the machine: /proc/stat has a line for each processor and a long one of interrupts */
#define PROC_FILE_BYTES (1 << 20)

/* calls in the caller's place */
/* users whose rights are taken on for it: of more, who come later make their calls themselves */
#define RIGHTS_KINDS 64
/* the list of groups of one of them, as text: to take on thousands costs more than to look behind the call */
#define RIGHTS_GROUPS_BYTES 65536
/* changes of rights of one program: a server that makes them for each request costs less when it opens for itself */
#define RIGHTS_CHANGES 32
/* symbolic links on the way of a path: the kernel follows no more */
#define PATH_LINKS 40
/* descriptors that are on their way to their callers: more callers gain nothing from overlapping */
#define INJECT_QUEUE 16
/* paths known to lead through links, which are not tried without them first: a program's libraries are fewer */
#define OPEN_LINKED_PATHS 64

/*
 * a thread that waits for another's answer gives way for so long before it sleeps: an idle processor of a virtual
 * machine needs 20000 to 35000 to wake up
 */
#define AWAKE_NS 40000u

/* a way of interception that is tried before a run */
#define PROBE_TIMEOUT_MS 2000 /* for one step; a loaded machine needs a few */
#define PROBE_STOPS	 10000 /* calls that the child may make while it waits for us */

/* the kernel's records of births and ends: a process takes 170 bytes, and one processor makes some thousand a second */
#define TASK_RING_BYTES_MAX (1 << 20) /* of a processor: half a second without a look */
#define TASK_RING_BYTES_MIN (64 << 10)
#define TASK_RINGS_BYTES    (16 << 20) /* of all: machines with many processors have smaller ones */

/* descriptors that are left for all else where the memory of each process is kept open; of few these take a quarter */
#define SPARE_DESCRIPTORS 128

/* memory of the workload that has to be waited for */
#define READER_WAIT_MS	  20   /* that all wait for one: a disk gives a page in less */
#define READER_STARVED_MS 1000 /* the same, while there is only no processor for the thread that reads */
#define READER_THREADS	  16   /* that may be held up at once, each by a process of its own */
#define READER_TRIES	  16   /* a page that is there half of the time is found but once in 65536 calls not */

/* locks of the kernel that calls in the caller's place need, where somebody may hold them for long */
#define ERRAND_WAIT_MS 5	    /* that all wait for one: nothing is lost when it takes longer */
#define ERRAND_THREADS 4	    /* that may be held up at once */
#define LOOK_THREADS   8	    /* that look at sockets, likewise: who is looked at next costs milliseconds then */
#define CLOSE_US       100	    /* that all wait for the other end of a socket that lingers */
#define ERRAND_HELD_BYTES (64u << 20) /* a file system finds room for as many in about 50 ms */
#define ERRAND_SLOW_NS 250000000u  /* whoever takes so long waits for a lock, or for a disk that others wait for, too */
#define ERRAND_LONG_NS 1000000000u /* what waits for longer is told of: a disk is faster */

/* datagrams that are sent in the caller's place */
#define SEND_MESSAGE_BYTES 65536 /* one more than the longest there is: longer ones are refused as this one is */
#define SEND_CONTROL_BYTES 4096	 /* control messages of a datagram: each is some bytes long */

/* captures */
#define SCAP_BLOCK_BYTES  (64 << 20) /* a process list of 100,000 threads fits; more is a damaged length */
#define SCAP_STORED_ENTER 65536	     /* enter events of old captures kept until their exit event, one a thread */
#define SCAP_PATH_BYTES	  1024	     /* a path, program or thread name in the metadata blocks: the format's own limit */
/* an answer that writer and reader remember: a path of the longest kind and numbers. They keep 4,096 */
#define SCAP_TOLD_BYTES	  4352
/* a real path that they remember: longer ones are told each time. They keep 2,304 */
#define SCAP_TOLD_PATH_BYTES 1024
/* processes of the list that they remember: a command has fewer ancestors. One has at most 64 KiB */
#define SCAP_TASKS	  64
#define SCAP_NAME_BYTES	  256	     /* a user's or group's name, home and shell there, likewise */
#define SCAP_CONTAINER_BYTES 128     /* a container's id in the section header: most have 12, LXC's are names */

#define ANSWERS_HELD_BYTES (16 << 20) /* recorded answers that wait for their event: a live one has at most a few */

/* plugins: what they say of themselves and return */
#define PLUGIN_NAME_BYTES  256	     /* names of plugins, sources and fields: they are typed by people */
#define PLUGIN_TEXT_BYTES  65536     /* descriptions */
#define PLUGIN_FIELDS	   10000     /* of one plugin: the largest there is has some hundred */
#define PLUGIN_VALUES	   65536     /* of one list field in one event */
#define PLUGIN_VALUE_BYTES (1 << 20) /* of one text; longer ones are cut */
#define PLUGIN_BATCH	   1000000   /* events at once: more is a wild number */
#define PLUGIN_TABLES	   256	     /* state tables of all plugins together */
#define PLUGIN_HANDLES	   4096	     /* entries of tables, and tables in entries, that a plugin holds in one call */
/* the highest index in a list of texts: adding an entry fills what lies below it */
#define PLUGIN_KEYS	   65536
#define PLUGIN_ROUTINES	   256	     /* of one plugin: each is a thread */
#define PLUGIN_SCHEMA_DEPTH 64	     /* of a schema of init_config, whose references may be circles */
/* schemas that one init_config is held against: of anyOf each may hold further ones */
#define PLUGIN_SCHEMA_STEPS 1000000
#define PLUGIN_SCHEMA_UNIQUE 1000    /* items of a list that are compared each with each */
#define PLUGIN_METRICS	   1000	     /* of one plugin */
#define PLUGIN_ASYNC_BYTES (16 << 20) /* asynchronous events that wait for the pipeline; more are counted as dropped */
#define PLUGIN_ASYNC_AHEAD_NS 10000000000u /* such an event may be so far ahead of the clock: it waits for its time */
/* of the program: whose crashes and endless calls are told with their names. Those beyond work as ever */
#define PLUGIN_WATCHED	   64
/* without a configuration (monitor.plugin_call_seconds): a call of a plugin that lasts longer is told */
#define PLUGIN_CALL_S	   10
/* a plugin has so long to return when the program is asked to end; service managers wait for more */
#define PLUGIN_STOP_S	   5
/* that are added to threads or descriptors: each costs a pointer on every object */
#define STATE_ATTRIBUTES   256

/* state */
#define STATE_THREADS	   262144  /* Falco's falco_libs.thread_table_size */
#define STATE_FDS_PER_PROC 65536   /* a table larger than this is counted and not grown */
#define STATE_ANCESTORS	   1024	   /* steps up a parent chain before a loop is assumed */
#define STATE_PATH_BYTES   4096	   /* PATH_MAX */

/* YAML */
#define YAML_DEPTH   64	     /* nesting: rules and configuration need 8; the tree is walked recursively */
#define YAML_TABS    256     /* tabs between tokens of rules: the text is read again for each */
#define YAML_NODES   4000000 /* values after alias expansion: stops a "billion laughs" file */
#define YAML_ANCHORS 1000    /* anchors of one document: they are searched in a row */

/* rules */
#define SCHEMA_WARNINGS 100 /* deviations of one rules file that are listed: one mistake may repeat in every item */
#define RULES_MAX_BYTES	    (64 << 20) /* one rules file */
#define RULES_COND_BYTES    (16 << 20) /* one condition after list expansion */
#define RULES_COND_DEPTH    1000       /* nesting of a condition: Falco's limit */
/* nesting of its tree: and, or, not in each pair of parentheses; macros add theirs */
#define RULES_TREE_DEPTH    4000
#define RULES_COND_NODES    1000000    /* checks and connectives of one condition with its macros: they may multiply */
#define RULES_COPIED_NODES  1000000    /* the same of all conditions, in macros that come later: those are not shared */
/* problems of one condition or output that are told: macros may multiply them, too */
#define RULES_COND_PROBLEMS 100
#define RULES_VALUE_BYTES   255	       /* a constant of a condition: Falco's limit */
#define RULES_FINDINGS	    2000       /* findings of one file that are kept: each walks its condition's text */
#define RULES_LISTS_BYTES   (64 << 20) /* all lists after expansion: a list of lists can multiply */
#define RULES_LIST_ITEMS    1000000    /* values of one list after expansion */
#define RULES_TAGS	    1000       /* tags of one rule: kept sorted by moving them */
#define RULES_EXCEPTIONS    1000       /* exceptions of one rule: searched in a row */
#define RULES_PLAN_DEPTH    8	       /* questions that an event is asked before its rules are tried one by one */
/* rules in all plans, from which on no questions are added: each may double a plan */
#define RULES_PLAN_ENTRIES  20000
#define PLUGIN_ALTERNATIVES 100	       /* plugins of one requirement: compared with each other */
/* constants of a gate that shares a lookup with others: each is a node of its tree in each plan */
#define RULES_SIEVE_KEYS    32
/* gates over one field from which on they share a lookup: it costs as much as two or three */
#define RULES_SIEVE_GATES   4
#define RULES_REGEX_BYTES   65536      /* one regular expression's text */
#define ACCOUNTS_MAX_BYTES  (16 << 20) /* /etc/passwd of a very large site; more is not read */
#define CONFIG_MAX_BYTES    (16 << 20) /* falco.yaml is 60 KiB */
#define CONFIG_VARIABLES    100        /* ${VARIABLE} in one value: a variable may hold itself */
#define CONFIG_WARNINGS	    100	       /* of one configuration that are told: looking for the nearest key takes time */
/* of one file at the top level: each is looked for among the others; Falco has 60 */
#define CONFIG_KEYS	    10000
/* of append_output, of its extra_fields and of plugins: compared with each other, and tried on each rule */
#define CONFIG_ENTRIES	    1000
/* files and assignments of one configuration: each node names its own in 16 bits */
#define CONFIG_ORIGINS	    10000

/* outputs */
#define OUTPUT_QUEUE_ALERTS 100000 /* that wait for one output: three minutes of 500 a second */
#define OUTPUT_QUEUE_BYTES (64 << 20) /* of these */
#define OUTPUT_LINGER_MS 2 /* that an alert may wait for those behind it: a busy stream wakes no thread for each */
#define OUTPUT_STOP_MS 2500 /* for a worker that hangs in a call; most calls give up after 2 seconds */
#define LIMIT_SECONDS 86400 /* of a limit, at most: what is held back longer is of no use to anybody */
#define LIMIT_BURSTS 10000 /* rules and keys whose alerts are counted at once; more end the oldest early */
#define PROGRAM_END_SECONDS 30 /* for a program to end after its input; a mail server may be slow */
#define PROGRAM_COMMAND_BYTES 65536 /* a shell script of a screen or two */
#define PROGRAM_CHILDREN 16 /* programs at once: one, and those that end after a reload */
#define SYSLOG_TIMEOUT_MS 5000 /* for one connection or message */
#define SYSLOG_RETRY_SECONDS 60 /* for a server that is away: restarts take seconds, upgrades a minute */
#define HTTP_URL_BYTES 8192 /* servers take no more */
#define HTTP_HEADER_BYTES 8192
#define HTTP_HEADERS 33 /* further ones: a token, a tenant, some labels */
#define HTTP_CONNECT_MS 5000
#define HTTP_TIMEOUT_MS 10000 /* for one POST */
#define HTTP_RETRY_FIRST_MS 100
#define HTTP_RETRY_LAST_MS 5000 /* pauses between tries while the peer is away */
#define HTTP_SPOOL_TURN_MS 80 /* of delivering what was spooled, between looks at new alerts */
#define HTTP_SPOOL_INTAKE_MS 20 /* of spooling new alerts between two such turns */
#define SPOOL_RETRY_MS 50 /* while another output has it, which is about to end */
#define SPOOL_SEGMENT_BYTES (1 << 20) /* of one file of a spool: read whole, and given back whole */
#define SPOOL_RECORD_BYTES (16 << 20) /* of one alert: the largest event is no larger */
/* the last record may stand out; the rest is damage */
#define SPOOL_FILE_BYTES (SPOOL_SEGMENT_BYTES + SPOOL_RECORD_BYTES + 16)
/* wrong checksums in a row before the rest of a file is given up: each takes reading a body */
#define SPOOL_BAD_BODIES 64
#define WEB_THREADS 8 /* more serve nobody better */
#define WEB_CONNECTIONS 64 /* at once; others wait to be accepted */
#define WEB_CONNECTIONS_PER_IP 16 /* who holds connections open for their own sake leaves room for others */
#define WEB_TIMEOUT_SECONDS 10 /* without a byte */
#define WEB_CONNECTION_BYTES 32768 /* memory of one: request line and headers */
#define WEB_WORD_MS 10000 /* between two lines of the log about what was refused */
#define WEB_PEM_BYTES 65536 /* certificate chain and key, or a token */
#define METRICS_UPDATE_MS 500 /* between two collections; scrapers come every 15 seconds */
#define OUTPUT_DRAIN_MAX_SECONDS 60 /* for an output that works off its queue */
#define OUTPUT_DRAIN_SECONDS 5 /* for what is on its way at the end: service managers kill after 10 to 90 */
#define RUN_FEW_DESCRIPTORS 16 /* with fewer `monitor run` cannot look at all that it is asked for */
#define RUN_ENDING_SECONDS 60 /* that a supervisor asked to end watches on for: service managers kill after 90 */
/* that a run whose command is killed before it began waits for its supervisor's last words */
#define FRONT_START_MS		1000
/* that a run waits for its supervisor's end: outputs have been flushed before */
#define FRONT_LAST_WORDS_MS    5000

/* gRPC: clients fetch alerts with empty requests */
/* a monitor closes its address after its command's end, and GRPC_STOP_SECONDS */
#define LISTEN_PATIENCE_MS     3000
#define LISTEN_RETRY_MS	       20
/* that the address of one that ends may take, until it is told: OUTPUT_DRAIN_SECONDS, GRPC_STOP_SECONDS */
#define GRPC_ADDRESS_MS	       10000
#define GRPC_CONNECTIONS       64	    /* served at once: more wait to be accepted */
#define GRPC_SHUT_MS	       100ull	    /* until one is let in again, where none could be: descriptors come back */
#define GRPC_CALLS	       16	    /* at once on one connection */
#define GRPC_ACKS	       200	    /* answers to pings and settings that wait: more is a flood */
#define GRPC_HEADER_BYTES      8192	    /* of one call, HTTP servers' usual limit */
#define GRPC_REQUEST_BYTES     4096	    /* ours are empty; newer ones may have members */
#define GRPC_HANDSHAKE_SECONDS 10	    /* TLS, from accept */
#define GRPC_STOP_SECONDS      2	    /* for goodbyes to clients that read slowly */
#define GRPC_QUEUE_ALERTS      100000	    /* that no client has fetched: an hour of 28 a second */
#define GRPC_QUEUE_BYTES       (64 << 20) /* of these */

/* reload */
/* that an event source may take for one batch of events, while others wait to change with it */
#define RELOAD_GATHER_MS 30000

/* rule tests */
#define TEST_SUITE_CASES 10000 /* tests of one suite file after its templates: combinations multiply */
#define TEST_SUITE_KEYS	 32    /* values of one case: copied for each combination */

/* evaluation */
#define NEEDS_MAX   16	/* facts asked of a source for one event; more end as absent and are counted */
#define FDS_TOLD_MAX 1024 /* where all descriptors of a process are asked for: the workload waits 10 us for each */

#endif
