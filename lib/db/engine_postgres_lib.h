/*
 * engine_postgres_lib: libpq, loaded when a site is in a server, and not before. It brings two
 * dozen libraries with it, whose loading takes a program twice as long as reading a small
 * question from a file does.
 *
 * Its functions are called by their own names after engine_postgres_lib_load; a system without
 * the library ends the program there with EX_UNAVAILABLE.
 */
#ifndef NBMS_DB_ENGINE_POSTGRES_LIB_H
#define NBMS_DB_ENGINE_POSTGRES_LIB_H

#include <libpq-fe.h>

/* Every function that is used. */
#define ENGINE_POSTGRES_LIB(X)  \
	X(PQclear)              \
	X(PQcmdStatus)          \
	X(PQcmdTuples)          \
	X(PQconnectdbParams)    \
	X(PQconninfoFree)       \
	X(PQconninfoParse)      \
	X(PQdescribePrepared)   \
	X(PQenterPipelineMode)  \
	X(PQerrorMessage)       \
	X(PQexec)               \
	X(PQexecParams)         \
	X(PQexecPrepared)       \
	X(PQexitPipelineMode)   \
	X(PQfinish)             \
	X(PQfname)              \
	X(PQftype)              \
	X(PQgetResult)          \
	X(PQgetisnull)          \
	X(PQgetlength)          \
	X(PQgetvalue)           \
	X(PQnfields)            \
	X(PQnparams)            \
	X(PQntuples)            \
	X(PQpipelineSync)       \
	X(PQprepare)            \
	X(PQputCopyData)        \
	X(PQputCopyEnd)         \
	X(PQreset)              \
	X(PQresultErrorField)   \
	X(PQresultErrorMessage) \
	X(PQresultStatus)       \
	X(PQsendQueryParams)    \
	X(PQsendQueryPrepared)  \
	X(PQsetErrorVerbosity)  \
	X(PQsetNoticeProcessor) \
	X(PQsocket)             \
	X(PQstatus)             \
	X(PQtransactionStatus)

#define X(name) __typeof__(name) *name##_;
struct engine_postgres_lib {
	ENGINE_POSTGRES_LIB(X)
};
#undef X

extern struct engine_postgres_lib engine_postgres_lib;

void engine_postgres_lib_load(void);

#ifndef ENGINE_POSTGRES_LIB_OWN
#define PQclear engine_postgres_lib.PQclear_
#define PQcmdStatus engine_postgres_lib.PQcmdStatus_
#define PQcmdTuples engine_postgres_lib.PQcmdTuples_
#define PQconnectdbParams engine_postgres_lib.PQconnectdbParams_
#define PQconninfoFree engine_postgres_lib.PQconninfoFree_
#define PQconninfoParse engine_postgres_lib.PQconninfoParse_
#define PQdescribePrepared engine_postgres_lib.PQdescribePrepared_
#define PQenterPipelineMode engine_postgres_lib.PQenterPipelineMode_
#define PQerrorMessage engine_postgres_lib.PQerrorMessage_
#define PQexec engine_postgres_lib.PQexec_
#define PQexecParams engine_postgres_lib.PQexecParams_
#define PQexecPrepared engine_postgres_lib.PQexecPrepared_
#define PQexitPipelineMode engine_postgres_lib.PQexitPipelineMode_
#define PQfinish engine_postgres_lib.PQfinish_
#define PQfname engine_postgres_lib.PQfname_
#define PQftype engine_postgres_lib.PQftype_
#define PQgetResult engine_postgres_lib.PQgetResult_
#define PQgetisnull engine_postgres_lib.PQgetisnull_
#define PQgetlength engine_postgres_lib.PQgetlength_
#define PQgetvalue engine_postgres_lib.PQgetvalue_
#define PQnfields engine_postgres_lib.PQnfields_
#define PQnparams engine_postgres_lib.PQnparams_
#define PQntuples engine_postgres_lib.PQntuples_
#define PQpipelineSync engine_postgres_lib.PQpipelineSync_
#define PQprepare engine_postgres_lib.PQprepare_
#define PQputCopyData engine_postgres_lib.PQputCopyData_
#define PQputCopyEnd engine_postgres_lib.PQputCopyEnd_
#define PQreset engine_postgres_lib.PQreset_
#define PQresultErrorField engine_postgres_lib.PQresultErrorField_
#define PQresultErrorMessage engine_postgres_lib.PQresultErrorMessage_
#define PQresultStatus engine_postgres_lib.PQresultStatus_
#define PQsendQueryParams engine_postgres_lib.PQsendQueryParams_
#define PQsendQueryPrepared engine_postgres_lib.PQsendQueryPrepared_
#define PQsetErrorVerbosity engine_postgres_lib.PQsetErrorVerbosity_
#define PQsetNoticeProcessor engine_postgres_lib.PQsetNoticeProcessor_
#define PQsocket engine_postgres_lib.PQsocket_
#define PQstatus engine_postgres_lib.PQstatus_
#define PQtransactionStatus engine_postgres_lib.PQtransactionStatus_
#endif

#endif
