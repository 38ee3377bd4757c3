import { Button, NativeSelect } from "@mantine/core";
import { IconChecks } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHeader, usePageTitle } from "../../../app/page-header.tsx";
import { type Role, whyNot } from "../../../session/role.ts";
import { useSession } from "../../../session/session.ts";
import { Empty } from "../../../states/empty.tsx";
import { Failing } from "../../../states/failing.tsx";
import { Loading } from "../../../states/loading.tsx";
import { QueryView } from "../../../states/query-view.tsx";
import { headsQuery, type LabelHeads } from "../label-requests.ts";
import { Answers } from "./answers.tsx";
import { currentQuestion } from "./label-session.ts";
import classes from "./labelling.module.css";
import { LabellingProgress } from "./labelling-progress.tsx";
import { OutboxNotice } from "./outbox-notice.tsx";
import { QuestionView } from "./question-view.tsx";
import { useLabelKeys } from "./use-label-keys.ts";
import { useLabelSession } from "./use-label-session.ts";
import { type Queue, useQueue } from "./use-queue.ts";

const route = getRouteApi("/samples/label");

/** One question after the other, answered by keyboard or by touch. */
export function LabellingPage() {
  usePageTitle("Label");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const heads = useQuery(headsQuery);
  const session = useSession();
  const set = (change: Partial<typeof search>) => void navigate({ search: { ...search, ...change }, replace: true });
  return (
    <>
      <PageHeader title="Label">
        {(heads.data?.heads.length ?? 0) > 1 && (
          <NativeSelect
            aria-label="What is asked about"
            value={search.head ?? heads.data?.heads[0]?.head}
            data={heads.data?.heads.map(({ head }) => head)}
            onChange={(event) => set({ head: event.currentTarget.value })}
          />
        )}
        <NativeSelect
          aria-label="Queue"
          value={search.kind ?? "labelling"}
          data={[
            { value: "labelling", label: "most worth a label" },
            { value: "audit", label: "audited at random" },
          ]}
          onChange={(event) => set({ kind: event.currentTarget.value === "audit" ? "audit" : undefined })}
        />
        <Button component={Link} to="/samples" variant="default">
          To the gallery
        </Button>
      </PageHeader>
      <QueryView query={heads}>
        {({ heads: known }) =>
          known.length === 0 ? (
            <Empty title="Nothing to label for yet" command="fieldloop train">
              Classes come with the first version of a model; train one, and its heads can be labelled here.
            </Empty>
          ) : session === undefined ? (
            <Loading />
          ) : (
            <Labelling key={JSON.stringify([search, session.role])} heads={known} role={session.role} />
          )
        }
      </QueryView>
    </>
  );
}

function Labelling({ heads, role }: Pick<LabelHeads, "heads"> & { role: Role | null }) {
  const search = route.useSearch();
  const chosen = heads.find(({ head }) => head === search.head) ?? heads[0];
  const { session, apply } = useLabelSession(chosen?.head ?? "");
  const reason = whyNot(role, "labeller");
  const queue = useQueue({ search, session, apply, mayAnswer: reason === undefined });
  const question = currentQuestion(session);
  const keys = useLabelKeys({ session, apply, names: chosen?.classes ?? [], isAllowed: reason === undefined });

  return (
    <>
      <OutboxNotice />
      {reason !== undefined && (
        <p className={classes.notice} role="status">
          {reason} You can look at the questions meanwhile.
        </p>
      )}
      {question === undefined ? (
        <NoQuestion queue={queue} hasWorked={session.questions.length > 0} onUndo={() => apply({ kind: "undo" })} />
      ) : (
        <div className={classes.work}>
          <QuestionView session={session} question={question} apply={apply} />
          <Answers session={session} keys={keys} isAllowed={reason === undefined} />
        </div>
      )}
      <LabellingProgress session={session} waiting={queue.waiting} />
    </>
  );
}

function NoQuestion(props: { queue: Queue; hasWorked: boolean; onUndo: () => void }) {
  const { queue, hasWorked, onUndo } = props;
  if (queue.error !== undefined) return <Failing error={queue.error} retry={queue.ask} />;
  if (queue.isAsking || !queue.isDry) return <Loading label="Looking for questions" />;
  return (
    <>
      <Empty title={hasWorked ? "All answered" : "Nothing waits for a label"} icon={IconChecks}>
        {hasWorked
          ? "Every question that the hub had is answered or put aside."
          : "As soon as devices send samples that are worth an answer, they are offered here."}
      </Empty>
      <div className={classes.ending}>
        <Button variant="default" onClick={queue.ask}>
          Look again
        </Button>
        {hasWorked && (
          <Button variant="subtle" onClick={onUndo}>
            Undo the last one <kbd aria-hidden>u</kbd>
          </Button>
        )}
      </div>
    </>
  );
}
