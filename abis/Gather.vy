# pragma version 0.4.3
# pragma evm-version london
"""
@title Gather
@notice Several reads in one call. Never deployed: a node is asked to suppose that this code stands
        at an address that nobody uses (the state override of eth_call). It changes nothing: every
        question is a STATICCALL. What is not answered, or may be cut short, is for the caller to
        ask again by itself.
"""

struct Question:
    target: address
    data: Bytes[512]

struct Answer:
    ok: bool
    data: Bytes[3072]


@external
@view
def gather(questions: DynArray[Question, 16]) -> DynArray[Answer, 16]:
    """
    @notice Each question's answer, in order. One without data asks for the target's balance, in
            wei, answered as one word.
    """
    answers: DynArray[Answer, 16] = []
    left: uint256 = len(questions)
    for question: Question in questions:
        answer: Answer = empty(Answer)
        if len(question.data) == 0:
            answer.ok = True
            answer.data = abi_encode(question.target.balance)
        else:
            # An equal share of the gas: a call that burns all of its own leaves the others theirs.
            answer.ok, answer.data = raw_call(
                question.target,
                question.data,
                max_outsize=3072,
                gas=msg.gas // (left + 1),
                is_static_call=True,
                revert_on_failure=False,
            )
        answers.append(answer)
        left -= 1
    return answers
